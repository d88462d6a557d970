-- Work that a company's people do on another's contracts: cost and transfer price of the lender, revenue of the owner. Both sides of
-- the charge are the same amount, so that the group's margin is the two companies' together.
-- Projects are left out: the cost of one person's hours would give the pay away.
with worked as (

    select
        entries.employing_legal_entity_id as provider_entity_id,
        entries.project_legal_entity_id as legal_entity_id,
        {{ month_start('entries.work_date') }} as month,
        entries.currency,
        entries.cost_currency,
        sum(entries.hours) as hours,
        sum(entries.cost_amount) as cost,
        case when count(prices.price_per_hour) = count(*) then sum({{ product('entries.hours', 'prices.price_per_hour') }}) end as charge,
        sum(case when entries.is_billable then entries.bill_amount end) as revenue
    from {{ ref('fct_time_entry') }} as entries
    left join {{ ref('dim_role') }} as roles
        on entries.role_id = roles.role_id
    left join {{ ref('dim_transfer_price') }} as prices
        on entries.employing_legal_entity_id = prices.legal_entity_id
        and entries.cost_currency = prices.currency
        and roles.role_name = prices.role_name
        and entries.work_date >= prices.valid_from
        and entries.work_date <= {{ open_end('prices.valid_to') }}
    where entries.is_approved
        and entries.work_date <= {{ as_of_date() }}
        and entries.employing_legal_entity_id <> entries.project_legal_entity_id
    group by
        entries.employing_legal_entity_id, entries.project_legal_entity_id, {{ month_start('entries.work_date') }},
        entries.currency, entries.cost_currency

),

valued as (

    select
        worked.*,
        firm.reporting_currency,
        {{ round_money('worked.charge', 'worked.cost_currency') }} as charge_fc,
        cost_rates.rate as cost_rate_rc,
        revenue_rates.rate as revenue_rate_rc
    from worked
    cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
    left join {{ ref('fct_fx_rate') }} as cost_rates
        on worked.cost_currency = cost_rates.from_currency
        and firm.reporting_currency = cost_rates.to_currency
        and worked.month = cost_rates.rate_date
        and cost_rates.rate_type = 'average'
    left join {{ ref('fct_fx_rate') }} as revenue_rates
        on worked.currency = revenue_rates.from_currency
        and firm.reporting_currency = revenue_rates.to_currency
        and worked.month = revenue_rates.rate_date
        and revenue_rates.rate_type = 'average'

),

in_reporting as (

    select
        *,
        {{ round_money(product('cost', 'cost_rate_rc'), 'reporting_currency') }} as cost_rc,
        {{ round_money(product('charge_fc', 'cost_rate_rc'), 'reporting_currency') }} as charge_rc,
        {{ round_money(product('revenue', 'revenue_rate_rc'), 'reporting_currency') }} as revenue_rc
    from valued

)

select
    flows.provider_entity_id,
    flows.legal_entity_id,
    flows.month,
    flows.currency,
    flows.cost_currency,
    cast(flows.hours as decimal(18, 4)) as hours,
    cast(flows.charge_fc as decimal(18, 4)) as charge_fc,
    flows.cost_rc,
    flows.charge_rc,
    flows.revenue_rc,
    cast(flows.revenue_rc - flows.charge_rc as decimal(18, 4)) as owner_margin_rc,
    cast(flows.charge_rc - flows.cost_rc as decimal(18, 4)) as provider_margin_rc,
    cast(flows.revenue_rc - flows.cost_rc as decimal(18, 4)) as group_margin_rc
from in_reporting as flows
