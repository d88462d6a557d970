select
    id as legal_entity_id,
    name as legal_entity_name,
    country as country_code,
    currency as functional_currency,
    fiscal_year_start_month,
    calendar as calendar_code,
    erp_subsidiary_id
from {{ source('raw_config', 'legal_entity') }}
