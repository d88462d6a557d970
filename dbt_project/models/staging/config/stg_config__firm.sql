select
    name as firm_name,
    reporting_currency,
    reporting_entity
from {{ source('raw_config', 'firm') }}
