select
    cast(null as string) as resource_id,
    cast(null as date) as work_date,
    cast(null as decimal(12,4)) as scheduled_hours,
    cast(null as decimal(12,4)) as holiday_hours,
    cast(null as decimal(12,4)) as time_off_hours,
    cast(null as decimal(12,4)) as net_available_hours,
    cast(null as string) as legal_entity_id,
    cast(null as string) as practice_id,
    cast(null as string) as business_unit_id,
    cast(null as boolean) as is_contractor
where 1 = 0
