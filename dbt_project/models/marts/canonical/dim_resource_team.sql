select
    cast(null as string) as resource_id,
    cast(null as date) as valid_from,
    cast(null as date) as valid_to,
    cast(null as string) as legal_entity_id,
    cast(null as string) as practice_id,
    cast(null as string) as business_unit_id
where 1 = 0
