-- bookings beyond what somebody has to give, day by day: a free Friday does not make good for a double Monday
with workdays as (

    select distinct calendar_date as work_date
    from {{ ref('dim_calendar_day') }}
    where not is_weekend

),

bookings as (

    select
        assignments.resource_id,
        assignments.is_hard,
        workdays.work_date,
        assignments.allocated_hours,
        count(*) over (partition by assignments.assignment_id) as days_booked
    from {{ ref('fct_assignment') }} as assignments
    inner join workdays
        on workdays.work_date >= assignments.start_date and workdays.work_date <= assignments.end_date
    where assignments.resource_id is not null

),

booked as (

    select
        resource_id,
        work_date,
        sum(case when is_hard then {{ ratio('allocated_hours', 'days_booked') }} else 0 end) as hard_hours,
        sum({{ ratio('allocated_hours', 'days_booked') }}) as hours
    from bookings
    group by resource_id, work_date

),

-- somebody without capacity on the day, such as after the last one, has nothing to give
compared as (

    select
        coalesce(booked.resource_id, capacity.resource_id) as resource_id,
        coalesce(booked.work_date, capacity.work_date) as work_date,
        capacity.legal_entity_id,
        capacity.practice_id,
        capacity.business_unit_id,
        coalesce(booked.hard_hours, 0) as hard_hours,
        coalesce(booked.hours, 0) as hours,
        coalesce(capacity.net_available_hours, 0) as available_hours
    from booked
    full outer join (select * from {{ ref('fct_capacity_day') }} where not is_contractor) as capacity
        on booked.resource_id = capacity.resource_id and booked.work_date = capacity.work_date

)

select
    compared.resource_id,
    coalesce(compared.legal_entity_id, resources.legal_entity_id) as legal_entity_id,
    coalesce(compared.practice_id, resources.practice_id) as practice_id,
    coalesce(compared.business_unit_id, resources.business_unit_id) as business_unit_id,
    {{ month_start('compared.work_date') }} as month,
    cast(sum(compared.hard_hours) as decimal(18, 4)) as hard_hours,
    cast(sum(compared.hours - compared.hard_hours) as decimal(18, 4)) as soft_hours,
    cast(sum(compared.available_hours) as decimal(18, 4)) as available_hours,
    cast(sum(greatest(compared.hard_hours - compared.available_hours, 0)) as decimal(18, 4)) as hard_excess_hours,
    cast(
        sum(greatest(compared.hours - compared.available_hours, 0) - greatest(compared.hard_hours - compared.available_hours, 0))
        as decimal(18, 4)
    ) as soft_excess_hours
from compared
inner join {{ ref('dim_resource') }} as resources
    on compared.resource_id = resources.resource_id and not resources.is_contractor
group by
    compared.resource_id,
    coalesce(compared.legal_entity_id, resources.legal_entity_id),
    coalesce(compared.practice_id, resources.practice_id),
    coalesce(compared.business_unit_id, resources.business_unit_id),
    {{ month_start('compared.work_date') }}
