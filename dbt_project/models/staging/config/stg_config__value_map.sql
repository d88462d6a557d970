select
    system,
    instance,
    field,
    vendor_value,
    canonical_value
from {{ source('raw_config', 'value_map') }}
