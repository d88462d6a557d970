select
    cast(null as string) as expense_id,
    cast(null as string) as instance,
    cast(null as string) as source_id,
    cast(null as string) as resource_id,
    cast(null as string) as project_id,
    cast(null as date) as expense_date,
    cast(null as string) as category,
    cast(null as decimal(18,4)) as amount,
    cast(null as string) as currency,
    cast(null as boolean) as is_billable,
    cast(null as boolean) as is_approved,
    cast(null as boolean) as is_invoiced,
    cast(null as string) as psa_invoice_id,
    cast(null as timestamp with time zone) as source_modified_at,
    cast(null as timestamp with time zone) as loaded_at
where 1 = 0
