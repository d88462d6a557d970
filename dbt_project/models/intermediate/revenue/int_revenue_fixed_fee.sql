{#
  Percentage of completion by hours: price x hours to date / (hours to date + hours still to come). What is to come is
  the budget not yet used, and nothing once the project is closed. Each month is the difference to the month before, so
  a changed estimate catches up in the current month. Without budget hours there is no estimate and no figure.
#}
with projects as (
    select
        project_id,
        currency,
        budget_amount,
        budget_hours,
        project_status in ('closed', 'archived') as is_finished
    from {{ ref('dim_project') }}
    where contract_type = 'fixed_fee'
),

monthly as (
    select
        entries.project_id,
        {{ month_start('entries.work_date') }} as month,
        sum(entries.hours) as hours
    from {{ ref('fct_time_entry') }} as entries
    inner join projects on entries.project_id = projects.project_id
    where entries.is_approved
        and entries.work_date <= {{ as_of_date() }}
    group by entries.project_id, {{ month_start('entries.work_date') }}
),

running as (
    select
        monthly.*,
        projects.currency,
        projects.budget_amount,
        projects.budget_hours,
        projects.is_finished
        and monthly.month = max(monthly.month) over (partition by monthly.project_id) as is_completion,
        sum(monthly.hours) over (
            partition by monthly.project_id
            order by monthly.month
            rows between unbounded preceding and current row
        ) as hours_to_date
    from monthly
    inner join projects on monthly.project_id = projects.project_id
),

recognised as (
    select
        project_id,
        month,
        case
            when is_completion then budget_amount
            when budget_hours is not null
                then {{ round_money(
                    product('budget_amount', ratio('hours_to_date', 'greatest(hours_to_date, budget_hours)')),
                    'currency'
                ) }}
        end as revenue_to_date
    from running
)

select
    project_id,
    month,
    'percentage_of_completion_by_hours' as recognition_method,
    cast(
        revenue_to_date
        - coalesce(lag(revenue_to_date) over (partition by project_id order by month), 0)
        as decimal(18, 4)
    ) as revenue_tc
from recognised
