select
    cast(null as string) as assignment_id,
    cast(null as string) as instance,
    cast(null as string) as source_id,
    cast(null as string) as resource_id,
    cast(null as string) as project_id,
    cast(null as string) as role_id,
    cast(null as date) as start_date,
    cast(null as date) as end_date,
    cast(null as decimal(12,4)) as allocated_hours,
    cast(null as boolean) as is_hard,
    cast(null as timestamp with time zone) as source_modified_at,
    cast(null as timestamp with time zone) as loaded_at
where 1 = 0
