select
    _instance as instance,
    system,
    object as object_type,
    run_id,
    rows_read,
    rows_landed,
    rows_quarantined,
    hash_total,
    first_cursor,
    last_cursor,
    _loaded_at as loaded_at
from {{ source('raw_landing', 'control_total') }}
