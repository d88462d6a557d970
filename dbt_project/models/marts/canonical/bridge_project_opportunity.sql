select
    cast(null as string) as project_id,
    cast(null as string) as opportunity_id,
    cast(null as string) as method
where 1 = 0
