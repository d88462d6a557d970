with source as (
    {{ living('salesforce', 'account') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as account_id,
        parent_id as parent_account_id,
        owner_id,
        master_record_id,
        tax_id,
        erp_customer_ref,

        -- text
        name as account_name,
        type as account_type,
        industry,
        account_number,
        website,
        billing_street,
        billing_city,
        billing_state,
        billing_postal_code,
        billing_country,
        currency_iso_code as currency,
        legal_name,
        business_unit_code,

        -- flags
        erp_credit_hold as is_erp_credit_hold,

        -- amounts
        payment_terms_days,

        -- moments
        created_date as created_at,
        last_modified_date as last_modified_at,
        system_modstamp as source_modified_at,
        _loaded_at as loaded_at
    from source
    where not coalesce(is_deleted, false)
)

select * from renamed
