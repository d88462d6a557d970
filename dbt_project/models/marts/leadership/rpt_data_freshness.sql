select
    instance,
    system,
    object,
    last_success_at,
    rows_last_load as rows,
    rows_quarantined,
    status
from {{ ref('fct_source_load') }}
