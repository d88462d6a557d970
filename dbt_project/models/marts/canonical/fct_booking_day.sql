-- hours fall on the working days of the span, as the person's pattern weighs them; without such a day on its weekdays, else on all
with employees as (
    select
        resources.resource_id,
        entities.calendar_code
    from {{ ref('dim_resource') }} as resources
    left join {{ ref('dim_legal_entity') }} as entities
        on resources.legal_entity_id = entities.legal_entity_id
    where not resources.is_contractor
),

days as (
    select distinct
        calendar_date,
        is_weekend
    from {{ ref('dim_calendar_day') }}
),

possible as (
    select
        assignments.assignment_id,
        assignments.resource_id,
        assignments.is_hard,
        assignments.allocated_hours,
        days.calendar_date as work_date,
        case
            when patterns.hours > 0 and not coalesce(calendar.is_holiday, false) then 3
            when not days.is_weekend then 2
            else 1
        end as fitness,
        case when patterns.hours > 0 and not coalesce(calendar.is_holiday, false) then patterns.hours else 1 end as weight
    from {{ ref('fct_assignment') }} as assignments
    inner join employees
        on assignments.resource_id = employees.resource_id
    inner join days
        on days.calendar_date >= assignments.start_date and days.calendar_date <= assignments.end_date
    left join {{ ref('dim_calendar_day') }} as calendar
        on employees.calendar_code = calendar.calendar_code and days.calendar_date = calendar.calendar_date
    left join {{ ref('int_work_patterns') }} as patterns
        on assignments.resource_id = patterns.resource_id
        and {{ iso_weekday('days.calendar_date') }} = patterns.iso_weekday
        and days.calendar_date >= patterns.valid_from
        and (patterns.valid_to is null or days.calendar_date <= patterns.valid_to)
    where assignments.allocated_hours > 0
),

ranked as (
    select
        *,
        max(fitness) over (partition by assignment_id) as best
    from possible
),

spread as (
    select
        resource_id,
        work_date,
        is_hard,
        {{ ratio('allocated_hours * weight', 'sum(weight) over (partition by assignment_id)') }} as hours
    from ranked
    where fitness = best
),

booked as (
    select
        resource_id,
        work_date,
        sum(case when is_hard then hours else 0 end) as hard_hours,
        sum(case when is_hard then 0 else hours end) as soft_hours
    from spread
    where work_date <= {{ add_days(as_of_date(), 7 * var('capacity_weeks_ahead')) }}
    group by resource_id, work_date
)

select
    coalesce(booked.resource_id, capacity.resource_id) as resource_id,
    coalesce(booked.work_date, capacity.work_date) as work_date,
    cast(coalesce(booked.hard_hours, 0) as decimal(18, 8)) as hard_hours,
    cast(coalesce(booked.soft_hours, 0) as decimal(18, 8)) as soft_hours,
    cast(coalesce(capacity.net_available_hours, 0) as decimal(12, 4)) as available_hours,
    cast(coalesce(capacity.time_off_hours, 0) as decimal(12, 4)) as time_off_hours,
    capacity.legal_entity_id,
    capacity.practice_id,
    capacity.business_unit_id
from booked
full outer join (select * from {{ ref('fct_capacity_day') }} where not is_contractor) as capacity
    on booked.resource_id = capacity.resource_id and booked.work_date = capacity.work_date
