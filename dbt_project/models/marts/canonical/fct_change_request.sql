select
    cast(null as string) as change_request_id,
    cast(null as string) as instance,
    cast(null as string) as source_id,
    cast(null as string) as opportunity_id,
    cast(null as string) as change_request_name,
    cast(null as decimal(18,4)) as amount,
    cast(null as string) as currency,
    cast(null as string) as status_code,
    cast(null as date) as approved_on,
    cast(null as timestamp with time zone) as source_modified_at,
    cast(null as timestamp with time zone) as loaded_at
where 1 = 0
