select
    cast(null as string) as business_unit_id,
    cast(null as string) as business_unit_name
where 1 = 0
