select
    cast(null as string) as link_id,
    cast(null as string) as subject_type,
    cast(null as string) as canonical_id,
    cast(null as string) as system,
    cast(null as string) as instance,
    cast(null as string) as object_type,
    cast(null as string) as record_id,
    cast(null as string) as target_system,
    cast(null as string) as target_instance,
    cast(null as string) as target_object_type,
    cast(null as string) as target_record_id,
    cast(null as string) as method,
    cast(null as bigint) as rung,
    cast(null as decimal(18,8)) as score,
    cast(null as string) as status,
    cast(null as timestamp with time zone) as valid_from,
    cast(null as timestamp with time zone) as valid_to
where 1 = 0
