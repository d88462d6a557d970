select
    cast(null as string) as project_id,
    cast(null as date) as month,
    cast(null as string) as recognition_method,
    cast(null as string) as legal_entity_id,
    cast(null as string) as practice_id,
    cast(null as string) as business_unit_id,
    cast(null as string) as customer_id,
    cast(null as string) as currency,
    cast(null as decimal(12,4)) as hours,
    cast(null as decimal(18,4)) as revenue_tc,
    cast(null as decimal(18,4)) as revenue_fc,
    cast(null as decimal(18,4)) as revenue_rc
where 1 = 0
