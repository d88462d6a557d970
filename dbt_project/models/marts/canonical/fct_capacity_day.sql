with booked as (
    select
        resource_id,
        work_date,
        sum(hours) as hours
    from {{ ref('fct_time_entry') }}
    group by resource_id, work_date
),

days as (
    {{ date_series(
        "(select coalesce(" ~ month_start('min(work_date)') ~ ", " ~ month_start(as_of_date()) ~ ") from booked)",
        add_days(as_of_date(), 7 * var('capacity_weeks_ahead'))
    ) }}
),

resources as (
    select * from {{ ref('dim_resource') }}
),

employed as (
    select
        spans.resource_id,
        days.calendar_date as work_date,
        {{ iso_weekday('days.calendar_date') }} as iso_weekday
    from {{ ref('int_employment_spans') }} as spans
    inner join resources
        on spans.resource_id = resources.resource_id
        and not resources.is_contractor
    inner join days
        on days.calendar_date >= spans.valid_from
        and days.calendar_date <= {{ open_end('spans.valid_to') }}
),

scheduled as (
    select
        employed.resource_id,
        employed.work_date,
        coalesce(patterns.hours, 0) as hours
    from employed
    left join {{ ref('int_work_patterns') }} as patterns
        on employed.resource_id = patterns.resource_id
        and employed.iso_weekday = patterns.iso_weekday
        and employed.work_date >= patterns.valid_from
        and employed.work_date <= {{ open_end('patterns.valid_to') }}
),

-- contractors are paid for what they work, so what they booked is their capacity
all_days as (
    select resource_id, work_date, hours, false as is_contractor from scheduled
    union all
    select booked.resource_id, booked.work_date, booked.hours, true as is_contractor
    from booked
    inner join resources
        on booked.resource_id = resources.resource_id
        and resources.is_contractor
),

measured as (
    select
        all_days.resource_id,
        all_days.work_date,
        all_days.is_contractor,
        all_days.hours as scheduled_hours,
        case when calendar.is_holiday and not all_days.is_contractor then all_days.hours else 0 end as holiday_hours,
        case when all_days.is_contractor then 0 else coalesce(off.off_hours + off.off_days * all_days.hours, 0) end as requested_off,
        teams.legal_entity_id,
        teams.practice_id,
        teams.business_unit_id
    from all_days
    left join {{ ref('dim_resource_team') }} as teams
        on all_days.resource_id = teams.resource_id
        and all_days.work_date >= teams.valid_from
        and all_days.work_date <= {{ open_end('teams.valid_to') }}
    left join {{ ref('dim_legal_entity') }} as entities
        on teams.legal_entity_id = entities.legal_entity_id
    left join {{ ref('dim_calendar_day') }} as calendar
        on entities.calendar_code = calendar.calendar_code
        and all_days.work_date = calendar.calendar_date
    left join {{ ref('int_time_off_days') }} as off
        on all_days.resource_id = off.resource_id
        and all_days.work_date = off.off_date
)

select
    resource_id,
    work_date,
    cast(scheduled_hours as decimal(12, 4)) as scheduled_hours,
    cast(holiday_hours as decimal(12, 4)) as holiday_hours,
    cast(least(requested_off, scheduled_hours - holiday_hours) as decimal(12, 4)) as time_off_hours,
    cast(scheduled_hours - holiday_hours - least(requested_off, scheduled_hours - holiday_hours) as decimal(12, 4)) as net_available_hours,
    legal_entity_id,
    practice_id,
    business_unit_id,
    is_contractor
from measured
