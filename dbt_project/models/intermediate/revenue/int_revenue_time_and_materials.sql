{#
  Right to invoice: approved billable hours at the entry's rate and approved billable expenses, in the project's currency
  at the day's spot rate, stopped at the contract's ceiling. The ceiling is shared by all projects of the contract; what
  it cuts off a month stands beside the days that earned it.
#}
with projects as (
    select
        projects.project_id,
        projects.currency,
        coalesce(projects.contract_id, projects.project_id) as ceiling_scope,
        contracts.not_to_exceed
    from {{ ref('dim_project') }} as projects
    left join {{ ref('dim_contract') }} as contracts
        on projects.contract_id = contracts.contract_id
    where projects.contract_type = 'time_and_materials'
),

earned as (
    select project_id, 'billable_time' as event_type, work_date as earned_on, currency, sum(bill_amount) as amount
    from {{ ref('fct_time_entry') }}
    where is_approved and is_billable and bill_amount is not null and work_date <= {{ as_of_date() }}
    group by project_id, work_date, currency
    union all
    select project_id, 'billable_expense' as event_type, expense_date as earned_on, currency, sum(amount) as amount
    from {{ ref('fct_expense') }}
    where is_approved and is_billable and expense_date <= {{ as_of_date() }}
    group by project_id, expense_date, currency
),

daily as (
    select
        earned.project_id,
        projects.ceiling_scope,
        projects.not_to_exceed,
        earned.event_type,
        earned.earned_on,
        case
            when count(rates.rate) = count(*)
                then sum({{ round_money(product('earned.amount', 'rates.rate'), 'projects.currency') }})
        end as earned_amount
    from earned
    inner join projects on earned.project_id = projects.project_id
    left join {{ ref('fct_fx_rate') }} as rates
        on earned.currency = rates.from_currency
        and projects.currency = rates.to_currency
        and rates.rate_type = 'spot'
        and earned.earned_on = rates.rate_date
    group by earned.project_id, projects.ceiling_scope, projects.not_to_exceed, earned.event_type, earned.earned_on
),

monthly as (
    select
        project_id,
        ceiling_scope,
        not_to_exceed,
        {{ month_start('earned_on') }} as month,
        {{ sum_if_known('earned_amount') }} as earned_amount
    from daily
    group by project_id, ceiling_scope, not_to_exceed, {{ month_start('earned_on') }}
),

running as (
    select
        *,
        sum(earned_amount) over (
            partition by ceiling_scope
            order by month, project_id
            rows between unbounded preceding and current row
        ) as earned_to_date
    from monthly
),

events as (
    select
        project_id,
        event_type,
        earned_on as event_date,
        earned_amount as revenue_tc
    from daily
    union all
    select
        project_id,
        'ceiling_cut' as event_type,
        least({{ month_end('month') }}, {{ as_of_date() }}) as event_date,
        least(earned_to_date, not_to_exceed) - least(earned_to_date - earned_amount, not_to_exceed) - earned_amount as revenue_tc
    from running
    where earned_amount is not null and greatest(earned_to_date, earned_to_date - earned_amount) > not_to_exceed
)

select
    project_id,
    {{ month_start('event_date') }} as month,
    'right_to_invoice' as recognition_method,
    event_type,
    event_date,
    cast(case event_type when 'ceiling_cut' then {{ month_start('event_date') }} else event_date end as {{ dbt.type_string() }}) as event_ref,
    cast(null as {{ dbt.type_string() }}) as source_record_id,
    cast(revenue_tc as decimal(18, 4)) as revenue_tc
from events
