select
    cast(null as string) as legal_entity_id,
    cast(null as date) as period_start,
    cast(null as date) as period_end,
    cast(null as bigint) as fiscal_year,
    cast(null as bigint) as fiscal_period,
    cast(null as boolean) as is_closed
where 1 = 0
