with accounts as (
    select
        opportunities.opportunity_id,
        max(case when accounts.currency = opportunities.currency then 1 else 0 end) = 1 as has_currency
    from {{ ref('fct_opportunity') }} as opportunities
    inner join {{ ref('dim_customer_account') }} as accounts
        on opportunities.customer_id = accounts.customer_id
    where accounts.object_type = 'customer'
    group by opportunities.opportunity_id
),

erp_entities as (
    select distinct legal_entity_id from {{ ref('int_erp_entities') }}
),

facts as (
    select
        opportunities.opportunity_id,
        opportunities.customer_id,
        opportunities.legal_entity_id,
        opportunities.business_unit_id,
        opportunities.practice_id,
        opportunities.contract_type,
        opportunities.currency,
        customers.customer_id as known_customer_id,
        customers.parent_customer_id,
        customers.tax_id,
        erp_entities.legal_entity_id as erp_entity_id,
        coalesce(accounts.has_currency, false) as has_currency,
        opportunities.loaded_at
    from {{ ref('fct_opportunity') }} as opportunities
    left join {{ ref('dim_customer') }} as customers on opportunities.customer_id = customers.customer_id
    left join erp_entities on opportunities.legal_entity_id = erp_entities.legal_entity_id
    left join accounts on opportunities.opportunity_id = accounts.opportunity_id
    where opportunities.is_won
        and opportunities.services_amount > 0
        and coalesce(opportunities.opportunity_type, '') not in ('Renewal', 'Product')
),

judged as (
    select
        facts.*,
        items.item,
        items.item_title,
        items.item_order,
        case
            when items.item = 'hierarchy' and facts.known_customer_id is null then 'the deal has no known customer'
            when items.item = 'hierarchy' and facts.parent_customer_id = facts.known_customer_id then 'the customer is its own parent'
            when items.item = 'legal_entity' and facts.legal_entity_id is null then 'the contracting company is missing or not mapped'
            when items.item = 'legal_entity' and facts.erp_entity_id is null then 'the ERP has no such company'
            when items.item = 'tax' and facts.tax_id is null then 'no tax id is on record'
            when items.item = 'currency' and facts.currency is null then 'the deal names no currency'
            when items.item = 'currency' and not facts.has_currency then 'no ERP customer in ' || facts.currency
            when items.item = 'service_mapping' and facts.practice_id is null then 'the practice is missing or not mapped'
            when items.item = 'service_mapping' and facts.business_unit_id is null then 'the business unit is missing or not mapped'
            when items.item = 'service_mapping' and facts.contract_type is null then 'the contract type is missing or not mapped'
        end as problem
    from facts
    cross join {{ ref('stg_config__handover_checklist') }} as items
)

select
    opportunity_id || ':' || item as checklist_id,
    opportunity_id,
    customer_id,
    legal_entity_id,
    business_unit_id,
    item,
    item_title,
    item_order,
    problem is null as is_passed,
    problem,
    loaded_at
from judged
