-- weeks ahead in which somebody is firmly booked beyond what HR leaves them; hours compare to the hundredth
with people as (

    select resource_id
    from {{ ref('dim_resource') }}
    -- whoever has left for good and stays booked is found by H01
    where termination_date is null or termination_date >= {{ as_of_date() }} or hire_date > termination_date

),

horizon as (

    select {{ add_days(as_of_date(), '7 * ' ~ check_parameter('H02', 'horizon_weeks')) }} as last_day

),

days as (

    select
        booked.*,
        {{ add_days('booked.work_date', '1 - ' ~ iso_weekday('booked.work_date')) }} as week_start,
        greatest(round(booked.hard_hours - booked.available_hours, 2), 0) as excess_hours,
        horizon.last_day
    from {{ ref('fct_booking_day') }} as booked
    inner join people
        on booked.resource_id = people.resource_id
    cross join horizon
    where booked.work_date > {{ as_of_date() }} and booked.work_date <= horizon.last_day

),

-- work on fixed dates: fixed prices and milestones that a client pays for
urgent as (

    select distinct
        days.resource_id,
        days.week_start
    from days
    inner join {{ ref('fct_assignment') }} as assignments
        on days.resource_id = assignments.resource_id
        and days.work_date >= assignments.start_date and days.work_date <= assignments.end_date
    inner join {{ ref('dim_project') }} as projects
        on assignments.project_id = projects.project_id
    where days.excess_hours > 0
        and days.work_date <= {{ add_days(as_of_date(), check_parameter('H02', 'urgent_days')) }}
        and assignments.is_hard and assignments.allocated_hours > 0
        and projects.is_chargeable and projects.contract_type in ('fixed_fee', 'milestone')

),

weeks as (

    select
        resource_id,
        week_start,
        cast(round(sum(hard_hours), 2) as decimal(18, 4)) as hard_hours,
        cast(round(sum(soft_hours), 2) as decimal(18, 4)) as soft_hours,
        cast(sum(available_hours) as decimal(18, 4)) as available_hours,
        cast(sum(excess_hours) as decimal(18, 4)) as excess_hours,
        cast(sum(case when time_off_hours > 0 then excess_hours else 0 end) as decimal(18, 4)) as leave_hours,
        count(case when excess_hours > {{ check_parameter('H02', 'excess_hours') }} then 1 end) as days_over,
        -- what is left of this week, or of the last one of the horizon, cannot be held against a whole week
        week_start > {{ as_of_date() }} and {{ add_days('week_start', 6) }} <= min(last_day) as is_whole
    from days
    group by resource_id, week_start

),

judged as (

    select
        *,
        case
            when leave_hours > 0 then 'leave'
            when days_over >= {{ check_parameter('H02', 'excess_days') }} then 'days'
            when is_whole and hard_hours > available_hours * {{ check_parameter('H02', 'week_share') }} then 'week'
        end as reason
    from weeks

)

select
    judged.resource_id,
    judged.week_start,
    judged.reason,
    judged.hard_hours,
    judged.soft_hours,
    judged.available_hours,
    judged.excess_hours,
    judged.leave_hours,
    cast(judged.days_over as bigint) as days_over,
    urgent.resource_id is not null as is_urgent
from judged
left join urgent
    on judged.resource_id = urgent.resource_id and judged.week_start = urgent.week_start
where judged.reason is not null
