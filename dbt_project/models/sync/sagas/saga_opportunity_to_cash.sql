-- the ERP customer of a deal: linked by a stored reference, an external id or a tax id; in the deal's entity and currency first
with erp_customers as (

    select
        opportunities.opportunity_id,
        accounts.instance,
        accounts.record_id,
        row_number() over (
            partition by opportunities.opportunity_id
            order by
                case when accounts.legal_entity_id = opportunities.legal_entity_id then 0 else 1 end,
                case when accounts.currency = opportunities.currency then 0 else 1 end,
                accounts.record_id
        ) as preference
    from {{ ref('fct_opportunity') }} as opportunities
    inner join {{ ref('dim_customer_account') }} as accounts
        on opportunities.customer_id = accounts.customer_id
    where accounts.system = 'netsuite'

),

psa_clients as (

    select
        customer_id,
        instance,
        min(record_id) as workspace_group_id
    from {{ ref('dim_customer_account') }}
    where system = 'kantata'
    group by customer_id, instance

),

-- projects of a deal go to the instance in which its business unit keeps most of them
homes as (

    select
        business_unit_id,
        instance,
        row_number() over (partition by business_unit_id order by count(*) desc, instance) as preference
    from {{ ref('dim_project') }}
    group by business_unit_id, instance

),

carried as (

    select distinct links.opportunity_id
    from {{ ref('bridge_project_opportunity') }} as links
    inner join {{ ref('dim_project') }} as projects
        on links.project_id = projects.project_id
    where projects.project_status <> 'archived'

),

-- what is to be delivered and billed is the signed value with its approved changes; the CRM's forecast may lag behind it
contract_values as (

    select
        opportunity_id,
        currency,
        case when count(current_value) = count(*) then sum(current_value) end as current_value
    from {{ ref('dim_contract') }}
    group by opportunity_id, currency

),

valued as (

    select
        opportunities.*,
        case when contract_values.opportunity_id is null then opportunities.services_amount else contract_values.current_value end as deal_value
    from {{ ref('fct_opportunity') }} as opportunities
    left join contract_values
        on opportunities.opportunity_id = contract_values.opportunity_id and opportunities.currency = contract_values.currency
    where opportunities.is_won

),

deals as (

    select
        opportunities.*,
        customers.customer_name,
        customers.tax_id as customer_tax_id,
        coalesce(customers.parent_customer_id <> customers.customer_id, true) as is_hierarchy_sound,
        customers.crm_account_id,
        coalesce(erp_customers.instance, entities.instance) as erp_instance,
        erp_customers.record_id as erp_customer_id,
        entities.subsidiary_id as erp_subsidiary_id,
        currencies.currency_id as erp_currency_id,
        homes.instance as psa_instance,
        psa_clients.workspace_group_id,
        carried.opportunity_id is not null as has_project,
        rates.rate as reporting_rate,
        firm.reporting_currency,
        {{ add_days('opportunities.start_date', 'floor(' ~ days('opportunities.start_date', 'opportunities.end_date') ~ ' / 2)') }} as middle_day,
        cast(round(opportunities.deal_value * 0.3, 0) as decimal(18, 2)) as first_amount,
        cast(round(opportunities.deal_value * 0.4, 0) as decimal(18, 2)) as middle_amount
    from valued as opportunities
    left join {{ ref('dim_customer') }} as customers on opportunities.customer_id = customers.customer_id
    left join erp_customers
        on opportunities.opportunity_id = erp_customers.opportunity_id and erp_customers.preference = 1
    left join {{ ref('int_erp_entities') }} as entities
        on opportunities.legal_entity_id = entities.legal_entity_id
        and coalesce(erp_customers.instance, entities.instance) = entities.instance
    left join {{ ref('stg_netsuite__currencies') }} as currencies
        on entities.instance = currencies.instance and opportunities.currency = currencies.currency
    left join homes
        on opportunities.business_unit_id = homes.business_unit_id and homes.preference = 1
    left join psa_clients
        on opportunities.customer_id = psa_clients.customer_id and homes.instance = psa_clients.instance
    left join carried on opportunities.opportunity_id = carried.opportunity_id
    cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
    left join {{ ref('rec_fx_rate') }} as rates
        on opportunities.currency = rates.from_currency and firm.reporting_currency = rates.to_currency

),

keyed as (

    select
        *,
        cast(deal_value - first_amount - middle_amount as decimal(18, 2)) as last_amount,
        row_number() over (partition by opportunity_id order by erp_instance) as preference
    from deals

)

select
    keyed.opportunity_id as trigger_key,
    keyed.opportunity_name,
    keyed.instance as crm_instance,
    keyed.source_id as crm_opportunity_id,
    keyed.crm_account_id,
    keyed.customer_id,
    keyed.customer_name,
    keyed.legal_entity_id,
    keyed.business_unit_id,
    cast(null as {{ dbt.type_string() }}) as project_id,
    keyed.opportunity_name as project_name,
    cast(nullif(keyed.deal_value, 0) as decimal(18, 4)) as amount,
    keyed.currency,
    {{ round_money(converted('keyed.deal_value', 'keyed.reporting_rate'), 'keyed.reporting_currency') }} as amount_rc,
    keyed.is_hierarchy_sound,
    keyed.customer_tax_id,
    keyed.has_project,
    keyed.start_date,
    keyed.end_date,
    keyed.psa_instance,
    keyed.workspace_group_id,
    entity_codes.vendor_value as psa_legal_entity_code,
    practice_codes.vendor_value as psa_practice_code,
    unit_codes.vendor_value as psa_business_unit_code,
    contract_codes.vendor_value as psa_contract_type_code,
    keyed.erp_instance,
    keyed.erp_customer_id,
    keyed.erp_subsidiary_id,
    keyed.erp_currency_id,
    case
        when keyed.contract_type in ('fixed_fee', 'milestone') and keyed.deal_value > 0
            then
                '['
                {% for number, day, amount in [(1, 'start_date', 'first_amount'), (2, 'middle_day', 'middle_amount'), (3, 'end_date', 'last_amount')] %}
                || '{{ '' if loop.first else ',' }}{"line":"Instalment {{ number }} of 3","line_date":' || {{ json_text(as_text('keyed.' ~ day)) }}
                || ',"amount":' || {{ json_text(as_text('keyed.' ~ amount)) }}
                || ',"amount_rc":' || {{ json_text(as_text(round_money(converted('keyed.' ~ amount, 'keyed.reporting_rate'), 'keyed.reporting_currency'))) }}
                || '}'
                {% endfor %}
                || ']'
        else '[]'
    end as billing_lines,
    keyed.loaded_at as source_loaded_at
from keyed
{% for alias, field, column in [
    ('entity_codes', 'legal_entity', 'legal_entity_id'), ('practice_codes', 'practice', 'practice_id'),
    ('unit_codes', 'business_unit', 'business_unit_id'), ('contract_codes', 'contract_type', 'contract_type'),
] %}
left join {{ ref('rec_vendor_code') }} as {{ alias }}
    on keyed.psa_instance = {{ alias }}.instance
    and {{ alias }}.field = '{{ field }}'
    and keyed.{{ column }} = {{ alias }}.canonical_value
{% endfor %}
where keyed.preference = 1
