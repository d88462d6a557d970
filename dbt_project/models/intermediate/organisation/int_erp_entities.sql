with subsidiaries as (
    select * from {{ ref('stg_netsuite__subsidiaries') }}
)

select
    subsidiaries.instance,
    subsidiaries.subsidiary_id,
    coalesce(entity_map.canonical_value, entities.legal_entity_id) as legal_entity_id,
    currencies.currency as functional_currency
from subsidiaries
{{ join_value_map('entity_map', 'subsidiaries', 'legal_entity', 'subsidiary_id') }}
left join {{ ref('stg_config__legal_entities') }} as entities
    on subsidiaries.subsidiary_id = entities.erp_subsidiary_id
left join {{ ref('stg_netsuite__currencies') }} as currencies
    on subsidiaries.instance = currencies.instance
    and subsidiaries.currency_id = currencies.currency_id
