select
    id as business_unit_id,
    name as business_unit_name
from {{ source('raw_config', 'business_unit') }}
