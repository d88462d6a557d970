select
    cast(null as string) as customer_id,
    cast(null as string) as customer_name,
    cast(null as string) as legal_name,
    cast(null as string) as tax_id,
    cast(null as string) as currency,
    cast(null as string) as country_code,
    cast(null as string) as billing_street,
    cast(null as string) as billing_city,
    cast(null as string) as billing_postal_code,
    cast(null as bigint) as payment_terms_days,
    cast(null as boolean) as is_on_credit_hold,
    cast(null as string) as parent_customer_id,
    cast(null as string) as business_unit_id,
    cast(null as string) as account_owner,
    cast(null as string) as crm_instance,
    cast(null as string) as crm_account_id
where 1 = 0
