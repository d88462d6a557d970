select
    cast(null as string) as legal_entity_id,
    cast(null as string) as legal_entity_name,
    cast(null as string) as country_code,
    cast(null as string) as functional_currency,
    cast(null as bigint) as fiscal_year_start_month,
    cast(null as string) as calendar_code,
    cast(null as string) as erp_subsidiary_id
where 1 = 0
