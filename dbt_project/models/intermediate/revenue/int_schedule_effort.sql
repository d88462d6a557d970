{#
  What is left of a fixed price, and of the stated estimate of time and materials, spread over the work still planned: the
  hours firmly booked until the project ends, and without bookings its weekdays until then. The estimate is one of the
  contract, so its projects share it; a fixed price is the project's own.
#}
with recognised as (
    select
        project_id,
        {{ sum_if_known('revenue_tc') }} as revenue_tc
    from {{ ref('fct_revenue_event') }}
    group by project_id
),

running as (
    select
        projects.project_id,
        projects.currency,
        projects.end_date,
        case projects.contract_type when 'time_and_materials' then backlog.contract_id else projects.project_id end as scope,
        case
            when projects.contract_type = 'time_and_materials' then backlog.backlog_tc
            when recognised.project_id is null then projects.budget_amount
            else projects.budget_amount - recognised.revenue_tc
        end as left_tc
    from {{ ref('dim_project') }} as projects
    inner join {{ ref('int_contract_backlog') }} as backlog
        on projects.contract_id = backlog.contract_id
    left join recognised on projects.project_id = recognised.project_id
    where projects.contract_type in ('fixed_fee', 'time_and_materials')
        and coalesce(projects.project_status, 'active') not in ('closed', 'archived')
),

booked as (
    select
        running.scope,
        running.project_id,
        bookings.work_date,
        sum(bookings.hours) as weight
    from running
    inner join {{ ref('int_assignment_day') }} as bookings
        on running.project_id = bookings.project_id
    where bookings.is_hard
        and bookings.work_date > {{ as_of_date() }}
        and bookings.work_date <= {{ open_end('running.end_date') }}
    group by running.scope, running.project_id, bookings.work_date
),

weekdays as (
    select distinct calendar_date
    from {{ ref('dim_calendar_day') }}
    where not is_weekend and calendar_date > {{ as_of_date() }}
),

planned as (
    select scope, project_id, 'firm_bookings' as schedule_basis, work_date, weight from booked
    union all
    select
        running.scope,
        running.project_id,
        'weekdays_to_end' as schedule_basis,
        weekdays.calendar_date as work_date,
        cast(1 as decimal(18, 8)) as weight
    from running
    inner join weekdays on weekdays.calendar_date <= running.end_date
    where running.scope not in (select scope from booked)
),

monthly as (
    select
        scope,
        project_id,
        schedule_basis,
        {{ month_start('work_date') }} as month,
        min(work_date) as first_day,
        max(work_date) as last_day,
        sum(weight) as weight
    from planned
    group by scope, project_id, schedule_basis, {{ month_start('work_date') }}
),

parts as (
    select
        monthly.*,
        running.left_tc,
        row_number() over (partition by monthly.scope order by monthly.month desc, monthly.project_id desc) = 1 as is_last,
        {{ part_of('running.left_tc', 'monthly.weight', 'sum(monthly.weight) over (partition by monthly.scope)', 'running.currency') }} as part_tc
    from monthly
    inner join running on monthly.project_id = running.project_id
    where running.left_tc > 0
)

select
    project_id,
    month,
    schedule_basis,
    first_day,
    last_day,
    {{ with_remainder('left_tc', 'part_tc', 'is_last', 'scope') }} as revenue_tc
from parts
