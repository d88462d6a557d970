with source as (
    {{ living('netsuite', 'customer') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as customer_id,
        parent as parent_customer_id,
        currency as currency_id,
        terms as term_id,
        category as category_id,
        vatregnumber as tax_id,
        externalid as external_id,
        defaultbillingaddress as billing_address_id,
        crm_account_ref,

        -- text
        entityid as customer_number,
        companyname as legal_name,
        altname as display_name,
        lower(trim(email)) as email,
        creditholdoverride as credit_hold_code,

        -- flags
        isinactive as is_inactive,

        -- moments
        datecreated as created_at,
        lastmodifieddate as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
