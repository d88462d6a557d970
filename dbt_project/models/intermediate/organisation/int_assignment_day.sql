-- hours fall on the working days of the span, as the person's pattern weighs them; without such a day on its weekdays, else on all
with people as (
    select
        resources.resource_id,
        resources.is_contractor,
        entities.calendar_code
    from {{ ref('dim_resource') }} as resources
    left join {{ ref('dim_legal_entity') }} as entities
        on resources.legal_entity_id = entities.legal_entity_id
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
        assignments.project_id,
        people.is_contractor,
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
    inner join people
        on assignments.resource_id = people.resource_id
    inner join days
        on days.calendar_date >= assignments.start_date and days.calendar_date <= assignments.end_date
    left join {{ ref('dim_calendar_day') }} as calendar
        on people.calendar_code = calendar.calendar_code and days.calendar_date = calendar.calendar_date
    left join {{ ref('int_work_patterns') }} as patterns
        on assignments.resource_id = patterns.resource_id
        and {{ iso_weekday('days.calendar_date') }} = patterns.iso_weekday
        and days.calendar_date >= patterns.valid_from
        and days.calendar_date <= {{ open_end('patterns.valid_to') }}
    where assignments.allocated_hours > 0
),

ranked as (
    select
        *,
        max(fitness) over (partition by assignment_id) as best
    from possible
)

select
    assignment_id,
    resource_id,
    project_id,
    is_contractor,
    is_hard,
    work_date,
    cast({{ ratio('allocated_hours * weight', 'sum(weight) over (partition by assignment_id)') }} as decimal(18, 8)) as hours
from ranked
where fitness = best
