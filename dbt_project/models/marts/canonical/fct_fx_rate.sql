select
    cast(null as string) as from_currency,
    cast(null as string) as to_currency,
    cast(null as string) as rate_type,
    cast(null as date) as rate_date,
    cast(null as decimal(18,8)) as rate,
    cast(null as date) as published_on,
    cast(null as string) as source
where 1 = 0
