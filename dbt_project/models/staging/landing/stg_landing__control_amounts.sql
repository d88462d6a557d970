select
    _instance as instance,
    system,
    object as object_type,
    run_id,
    column_name,
    amount as total_amount,
    _loaded_at as loaded_at
from {{ source('raw_landing', 'control_amount') }}
