with booked as (
    select
        resource_id,
        work_date,
        sum(case when is_hard then hours else 0 end) as hard_hours,
        sum(case when is_hard then 0 else hours end) as soft_hours
    from {{ ref('int_assignment_day') }}
    where not is_contractor
        and work_date <= {{ add_days(as_of_date(), 7 * var('capacity_weeks_ahead')) }}
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
