with contracts as (
    select * from {{ ref('stg_salesforce__contracts') }}
)

select
    {{ canonical_id('contracts.contract_id', 'contracts.instance') }} as contract_id,
    {{ canonical_id('opportunities.opportunity_id', 'opportunities.instance') }} as opportunity_id,
    members.customer_id,
    contracts.contract_number,
    type_map.canonical_value as contract_type,
    contracts.contract_type_code,
    contracts.contract_value,
    contracts.currency,
    entity_map.canonical_value as legal_entity_id,
    contracts.start_date,
    contracts.end_date,
    contracts.not_to_exceed,
    coalesce(contracts.is_billed_in_advance, false) as is_billed_in_advance,
    contracts.source_modified_at,
    contracts.loaded_at
from contracts
left join {{ ref('stg_salesforce__opportunities') }} as opportunities
    on contracts.instance = opportunities.instance
    and {{ crm_id_key('contracts.opportunity_ref') }} = {{ crm_id_key('opportunities.opportunity_id') }}
left join {{ ref('int_customer_members') }} as members
    on contracts.instance || ':account:' || contracts.account_id = members.record_key
{{ join_value_map('type_map', 'contracts', 'contract_type', 'contract_type_code') }}
{{ join_value_map('entity_map', 'contracts', 'legal_entity', 'legal_entity_code') }}
