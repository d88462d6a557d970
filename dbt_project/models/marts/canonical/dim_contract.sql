with contracts as (
    select
        contracts.*,
        {{ canonical_id('contracts.contract_id', 'contracts.instance') }} as contract_key,
        {{ canonical_id('opportunities.opportunity_id', 'opportunities.instance') }} as opportunity_key,
        cast(contracts.contract_value - coalesce(contracts.agreed_discount, 0) - coalesce(contracts.pass_through, 0) as decimal(18, 4)) as original_value
    from {{ ref('stg_salesforce__contracts') }} as contracts
    left join {{ ref('stg_salesforce__opportunities') }} as opportunities
        on contracts.instance = opportunities.instance
        and {{ crm_id_key('contracts.opportunity_ref') }} = {{ crm_id_key('opportunities.opportunity_id') }}
),

-- a deal's changes amend its first contract
ordered as (
    select
        *,
        opportunity_key is not null
        and row_number() over (partition by opportunity_key order by start_date, contract_key) = 1 as is_main_contract
    from contracts
),

amended as (
    select
        opportunity_id,
        currency,
        count(*) as amendment_count,
        sum(amount) as amount
    from {{ ref('fct_change_request') }}
    where is_approved
    group by opportunity_id, currency
)

select
    contracts.contract_key as contract_id,
    contracts.instance,
    contracts.contract_id as source_id,
    contracts.opportunity_key as opportunity_id,
    members.customer_id,
    contracts.contract_number,
    type_map.canonical_value as contract_type,
    contracts.contract_type_code,
    contracts.contract_value,
    contracts.agreed_discount,
    contracts.pass_through,
    contracts.original_value,
    cast(coalesce(amended.amount, 0) as decimal(18, 4)) as approved_change_amount,
    cast(contracts.original_value + coalesce(amended.amount, 0) as decimal(18, 4)) as current_value,
    cast(coalesce(amended.amendment_count, 0) as bigint) as amendment_count,
    contracts.is_main_contract,
    contracts.currency,
    entity_map.canonical_value as legal_entity_id,
    cast(contracts.created_at as date) as signed_on,
    contracts.start_date,
    contracts.end_date,
    contracts.not_to_exceed,
    contracts.po_number,
    contracts.po_amount,
    coalesce(contracts.is_billed_in_advance, false) as is_billed_in_advance,
    contracts.source_modified_at,
    contracts.loaded_at
from ordered as contracts
left join amended
    on contracts.is_main_contract
    and contracts.opportunity_key = amended.opportunity_id
    and contracts.currency = amended.currency
left join {{ ref('int_customer_members') }} as members
    on contracts.instance || ':account:' || contracts.account_id = members.record_key
{{ join_value_map('type_map', 'contracts', 'contract_type', 'contract_type_code') }}
{{ join_value_map('entity_map', 'contracts', 'legal_entity', 'legal_entity_code') }}
