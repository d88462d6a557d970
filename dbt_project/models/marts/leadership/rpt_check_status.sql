select
    check_id,
    check_name,
    severity,
    owner_role,
    is_evaluated,
    reason,
    findings,
    amount_at_risk_rc,
    detected_as_of,
    source_loaded_at
from {{ ref('fct_check_run') }}
