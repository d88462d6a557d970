select
    quarantine_id,
    _instance as instance,
    system,
    object as object_type,
    record_id,
    field,
    reason,
    rule,
    payload,
    quarantined_at,
    run_id,
    state as quarantine_state
from {{ source('raw_landing', 'quarantine') }}
