select
    check_id,
    name as parameter_name,
    value as parameter_value
from {{ source('raw_config', 'check_parameter') }}
