select
    legal_entity_id,
    legal_entity_name,
    country_code,
    functional_currency,
    fiscal_year_start_month,
    calendar_code,
    erp_subsidiary_id
from {{ ref('stg_config__legal_entities') }}
