-- bookings beyond what somebody has to give, day by day: a free Friday does not make good for a double Monday
select
    days.resource_id,
    coalesce(days.legal_entity_id, resources.legal_entity_id) as legal_entity_id,
    coalesce(days.practice_id, resources.practice_id) as practice_id,
    coalesce(days.business_unit_id, resources.business_unit_id) as business_unit_id,
    {{ month_start('days.work_date') }} as month,
    cast(sum(days.hard_hours) as decimal(18, 4)) as hard_hours,
    cast(sum(days.soft_hours) as decimal(18, 4)) as soft_hours,
    cast(sum(days.available_hours) as decimal(18, 4)) as available_hours,
    cast(sum(greatest(days.hard_hours - days.available_hours, 0)) as decimal(18, 4)) as hard_excess_hours,
    cast(
        sum(greatest(days.hard_hours + days.soft_hours - days.available_hours, 0) - greatest(days.hard_hours - days.available_hours, 0))
        as decimal(18, 4)
    ) as soft_excess_hours
from {{ ref('fct_booking_day') }} as days
inner join {{ ref('dim_resource') }} as resources
    on days.resource_id = resources.resource_id
group by
    days.resource_id,
    coalesce(days.legal_entity_id, resources.legal_entity_id),
    coalesce(days.practice_id, resources.practice_id),
    coalesce(days.business_unit_id, resources.business_unit_id),
    {{ month_start('days.work_date') }}
