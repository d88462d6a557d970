select
    cast(null as string) as rate_card_line_id,
    cast(null as string) as instance,
    cast(null as string) as rate_card_id,
    cast(null as string) as rate_card_title,
    cast(null as boolean) as is_account_default,
    cast(null as string) as role_id,
    cast(null as string) as currency,
    cast(null as decimal(18,8)) as rate,
    cast(null as date) as valid_from,
    cast(null as date) as valid_to,
    cast(null as boolean) as is_published
where 1 = 0
