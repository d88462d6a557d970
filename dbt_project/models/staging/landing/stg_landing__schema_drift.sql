select
    _instance as instance,
    object as object_type,
    column_name,
    kind as drift_kind,
    first_seen as first_seen_at
from {{ source('raw_landing', 'schema_drift') }}
