select
    cast(null as string) as psa_invoice_id,
    cast(null as string) as instance,
    cast(null as string) as source_id,
    cast(null as string) as invoice_number,
    cast(null as boolean) as is_draft,
    cast(null as string) as status_code,
    cast(null as date) as invoice_date,
    cast(null as string) as project_id,
    cast(null as string) as currency,
    cast(null as string) as invoice_id,
    cast(null as timestamp with time zone) as source_modified_at,
    cast(null as timestamp with time zone) as loaded_at
where 1 = 0
