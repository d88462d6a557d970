-- Earned value of each project at each month end, and its revenue to date by every method that has its inputs: a check on what
-- finance recognises. An estimate stands until the next; without one there is no figure, never "on budget".
with baselines as (

    select
        project_id,
        max(case when first_order = 1 then cost_amount end) as original_budget_cost,
        max(case when last_order = 1 then cost_amount end) as budget_cost
    from (
        select
            project_id,
            cost_amount,
            row_number() over (partition by project_id order by made_at, project_estimate_id) as first_order,
            row_number() over (partition by project_id order by made_at desc, project_estimate_id desc) as last_order
        from {{ ref('fct_project_estimate') }}
        where estimate_type = 'baseline' and is_approved
    ) as ordered
    group by project_id

),

estimates as (

    select
        project_id,
        period_end,
        cost_at_completion - cost_amount as cost_to_complete,
        hours,
        hours_to_complete,
        fraction_complete,
        row_number() over (partition by project_id, period_end order by made_at desc, project_estimate_id desc) as recency
    from {{ ref('fct_project_estimate') }}
    where estimate_type = 'earned_value' and is_approved and period_end <= {{ as_of_date() }}

),

running as (

    select
        months.*,
        {{ month_end('months.month') }} as month_end,
        projects.budget_amount as price,
        sum(coalesce(months.labour_cost_tc, 0) + coalesce(months.subcontract_cost_tc, 0) + coalesce(months.expense_cost_tc, 0))
            over so_far as cost_to_date,
        sum(months.revenue_tc) over so_far as recognised_to_date,
        max(estimates.period_end) over so_far as estimated_on
    from {{ ref('rpt_project_month') }} as months
    inner join {{ ref('dim_project') }} as projects
        on months.project_id = projects.project_id
    left join estimates
        on months.project_id = estimates.project_id
        and {{ month_end('months.month') }} = estimates.period_end
        and estimates.recency = 1
    window so_far as (
        partition by months.project_id
        order by months.month
        rows between unbounded preceding and current row
    )

),

measured as (

    select
        running.*,
        baselines.original_budget_cost,
        baselines.budget_cost,
        estimates.fraction_complete,
        estimates.cost_to_complete,
        running.cost_to_date + estimates.cost_to_complete as cost_at_completion,
        {{ round_money(product('baselines.budget_cost', 'estimates.fraction_complete'), 'running.currency') }} as earned_value,
        {{ ratio('running.cost_to_date', 'running.cost_to_date + estimates.cost_to_complete') }} as cost_progress,
        {{ ratio('estimates.hours', 'estimates.hours + estimates.hours_to_complete') }} as hours_progress,
        case
            when running.cost_to_date + estimates.cost_to_complete > running.price then running.cost_to_date + estimates.cost_to_complete - running.price
            when estimates.cost_to_complete is not null and running.price is not null then 0
        end as loss_at_completion,
        rates.rate as rate_rc
    from running
    cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
    left join baselines
        on running.project_id = baselines.project_id
    left join estimates
        on running.project_id = estimates.project_id
        and running.estimated_on = estimates.period_end
        and estimates.recency = 1
    left join {{ ref('fct_fx_rate') }} as rates
        on running.currency = rates.from_currency
        and firm.reporting_currency = rates.to_currency
        and running.month = rates.rate_date
        and rates.rate_type = 'average'

),

recognised as (

    select
        *,
        {{ round_money(product('price', 'cost_progress'), 'currency') }} as poc_cost_to_date,
        {{ round_money(product('price', ratio('cost_to_date', 'original_budget_cost')), 'currency') }} as poc_original_to_date,
        {{ round_money(product('price', 'hours_progress'), 'currency') }} as poc_hours_to_date,
        {{ round_money(product('loss_at_completion', '1 - cost_progress'), 'currency') }} as loss_provision
    from measured

)

select
    project_id,
    customer_id,
    legal_entity_id,
    practice_id,
    business_unit_id,
    contract_type,
    month,
    currency,
    rate_rc,
    {{ project_figures() }},
    cast({{ days('estimated_on', 'month_end') }} as bigint) as estimate_age_days,
    {{ days('estimated_on', 'month_end') }} > 30 as is_estimate_stale,
    {{ metric_ratio('cpi.v1', 'recognised') }} as cpi,
    {{ metric_ratio('tcpi.v1', 'recognised') }} as tcpi,
    {{ metric_ratio('eac_variance.v1', 'recognised') }} as eac_variance,
    is_open_month
from recognised
