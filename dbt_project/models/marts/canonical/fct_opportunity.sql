with opportunities as (
    select * from {{ ref('stg_salesforce__opportunities') }}
)

select
    {{ canonical_id('opportunities.opportunity_id', 'opportunities.instance') }} as opportunity_id,
    opportunities.instance,
    opportunities.opportunity_id as source_id,
    members.customer_id,
    opportunities.opportunity_name,
    opportunities.stage_name,
    coalesce(opportunities.is_closed, false) as is_closed,
    coalesce(opportunities.is_won, false) as is_won,
    opportunities.close_date,
    opportunities.amount,
    opportunities.services_amount,
    opportunities.currency,
    opportunities.opportunity_type,
    entity_map.canonical_value as legal_entity_id,
    practice_map.canonical_value as practice_id,
    unit_map.canonical_value as business_unit_id,
    type_map.canonical_value as contract_type,
    opportunities.start_date,
    opportunities.end_date,
    owners.full_name as owner_name,
    opportunities.psa_project_ref,
    opportunities.erp_open_amount,
    opportunities.erp_overdue_bucket,
    opportunities.is_erp_disputed,
    opportunities.erp_last_payment_date,
    opportunities.source_modified_at,
    opportunities.loaded_at
from opportunities
left join {{ ref('int_customer_members') }} as members
    on opportunities.instance || ':account:' || opportunities.account_id = members.record_key
left join {{ ref('stg_salesforce__users') }} as owners
    on opportunities.instance = owners.instance
    and opportunities.owner_id = owners.user_id
{{ join_value_map('entity_map', 'opportunities', 'legal_entity', 'legal_entity_code') }}
{{ join_value_map('practice_map', 'opportunities', 'practice', 'practice_code') }}
{{ join_value_map('unit_map', 'opportunities', 'business_unit', 'business_unit_code') }}
{{ join_value_map('type_map', 'opportunities', 'contract_type', 'contract_type_code') }}
