-- Value delivered and not billed, or billed too low, each amount once. What has several causes takes the first of: missing rate,
-- rate shortfall, write-off, unapproved change, ageing. Unbilled work inside the agreed days is timing, not leakage; work above
-- a contract's ceiling is worth nothing.
with agreed as (

    select max(grace_days) as days, max(reporting_currency) as reporting_currency
    from {{ ref('rec_check_setting') }}
    where check_id = 'T01'

),

billed as (

    select projects.contract_id, sum(invoices.net_amount) as amount
    from {{ ref('fct_invoice') }} as invoices
    inner join {{ ref('dim_project') }} as projects
        on invoices.project_id = projects.project_id
    where invoices.invoice_status in ('open', 'paid')
    group by projects.contract_id

),

full_contracts as (

    select contracts.contract_id
    from {{ ref('dim_contract') }} as contracts
    inner join billed
        on contracts.contract_id = billed.contract_id and billed.amount >= contracts.not_to_exceed

),

time_value as (

    select
        value.project_id,
        value.month,
        value.currency,
        case when value.invoice_id is null then value.value_without_card_rate end as missing_rate,
        value.rate_shortfall,
        case when value.card_value < value.contract_value then value.contract_value - value.card_value end as write_off,
        case when value.invoice_id is null then value.contract_value end as unbilled,
        coalesce(value.contract_value, 0)
        + coalesce(case when value.invoice_id is null then value.value_without_card_rate end, 0) as potential
    from {{ ref('rpt_time_value') }} as value
    inner join {{ ref('dim_project') }} as projects
        on value.project_id = projects.project_id
    left join full_contracts
        on projects.contract_id = full_contracts.contract_id
    where full_contracts.contract_id is null or value.invoice_id is not null

),

open_changes as (

    select
        projects.project_id,
        {{ month_start('changes.created_at') }} as month,
        changes.currency,
        changes.amount
    from {{ ref('fct_change_request') }} as changes
    inner join (
        select opportunity_id, min(project_id) as project_id
        from {{ ref('dim_project') }}
        where opportunity_id is not null
        group by opportunity_id
    ) as projects
        on changes.opportunity_id = projects.opportunity_id
    where changes.change_status = 'submitted' and changes.amount > 0

),

amounts as (

    {% for measure in ['missing_rate', 'rate_shortfall', 'write_off', 'potential'] %}
    select project_id, month, currency, '{{ measure }}' as measure, {{ measure }} as amount from time_value
    union all
    {% endfor %}
    select
        project_id,
        month,
        currency,
        case when {{ days(month_end('month'), as_of_date()) }} > agreed.days then 'ageing' else 'timing' end as measure,
        unbilled as amount
    from time_value
    cross join agreed
    union all
    select project_id, month, currency, 'unapproved_change' as measure, amount from open_changes
    union all
    select project_id, month, currency, 'potential' as measure, amount from open_changes
    union all
    select project_id, month, currency, 'potential' as measure, revenue_tc as amount
    from {{ ref('fct_revenue_month') }}
    where recognition_method <> 'right_to_invoice'

),

summed as (

    select
        amounts.project_id,
        amounts.month,
    {% for measure in ['missing_rate', 'rate_shortfall', 'write_off', 'unapproved_change', 'ageing', 'timing', 'potential'] %}
    coalesce(sum(case when amounts.measure = '{{ measure }}' then {{ round_money(product('amounts.amount', 'rates.rate'), 'agreed.reporting_currency') }} end), 0)
        as {{ measure }}_rc{{ ',' if not loop.last }}
    {% endfor %}
    from amounts
    cross join agreed
    left join {{ ref('fct_fx_rate') }} as rates
        on amounts.currency = rates.from_currency
        and agreed.reporting_currency = rates.to_currency
        and amounts.month = rates.rate_date
        and rates.rate_type = 'average'
    where amounts.amount is not null and amounts.month <= {{ as_of_date() }}
    group by amounts.project_id, amounts.month

)

select
    summed.project_id,
    projects.customer_id,
    projects.legal_entity_id,
    projects.practice_id,
    projects.business_unit_id,
    summed.month,
    {% for measure in ['missing_rate', 'rate_shortfall', 'write_off', 'unapproved_change', 'ageing', 'timing', 'potential'] %}
    cast(summed.{{ measure }}_rc as decimal(18, 4)) as {{ measure }}_rc,
    {% endfor %}
    cast(
        summed.missing_rate_rc + summed.rate_shortfall_rc + summed.write_off_rc + summed.unapproved_change_rc + summed.ageing_rc
        as decimal(18, 4)
    ) as leakage_rc
from summed
inner join {{ ref('dim_project') }} as projects
    on summed.project_id = projects.project_id
