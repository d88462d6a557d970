select
    cast(null as string) as practice_id,
    cast(null as string) as practice_name,
    cast(null as decimal(18,8)) as utilization_target
where 1 = 0
