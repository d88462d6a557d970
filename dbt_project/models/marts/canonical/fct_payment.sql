select
    cast(null as string) as payment_id,
    cast(null as string) as instance,
    cast(null as string) as source_id,
    cast(null as string) as payment_number,
    cast(null as string) as customer_id,
    cast(null as string) as legal_entity_id,
    cast(null as date) as payment_date,
    cast(null as string) as currency,
    cast(null as decimal(18,4)) as amount,
    cast(null as decimal(18,4)) as unapplied_amount,
    cast(null as timestamp with time zone) as source_modified_at,
    cast(null as timestamp with time zone) as loaded_at
where 1 = 0
