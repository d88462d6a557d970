select
    business_unit_id,
    business_unit_name
from {{ ref('stg_config__business_units') }}
