select
    cast(null as string) as invoice_line_id,
    cast(null as string) as invoice_id,
    cast(null as string) as project_id,
    cast(null as string) as erp_job_id,
    cast(null as string) as line_type,
    cast(null as string) as source_ref,
    cast(null as string) as description,
    cast(null as decimal(12,4)) as quantity,
    cast(null as decimal(18,8)) as rate,
    cast(null as decimal(18,4)) as net_amount,
    cast(null as string) as milestone_id,
    cast(null as date) as service_start,
    cast(null as date) as service_end
where 1 = 0
