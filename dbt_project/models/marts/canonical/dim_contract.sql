select
    cast(null as string) as contract_id,
    cast(null as string) as opportunity_id,
    cast(null as string) as customer_id,
    cast(null as string) as contract_number,
    cast(null as string) as contract_type,
    cast(null as string) as contract_type_code,
    cast(null as decimal(18,4)) as contract_value,
    cast(null as string) as currency,
    cast(null as string) as legal_entity_id,
    cast(null as date) as start_date,
    cast(null as date) as end_date,
    cast(null as decimal(18,4)) as not_to_exceed,
    cast(null as boolean) as is_billed_in_advance,
    cast(null as timestamp with time zone) as source_modified_at,
    cast(null as timestamp with time zone) as loaded_at
where 1 = 0
