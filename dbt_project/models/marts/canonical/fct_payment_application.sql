select
    cast(null as string) as application_id,
    cast(null as string) as payment_id,
    cast(null as string) as invoice_id,
    cast(null as string) as application_type,
    cast(null as decimal(18,4)) as amount,
    cast(null as date) as applied_on
where 1 = 0
