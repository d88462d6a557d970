with source as (
    {{ living('netsuite', 'charge') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as charge_id,
        billto as customer_id,
        project as job_id,
        subsidiary as subsidiary_id,
        currency as currency_id,
        externalid as external_id,
        invoice as invoice_id,

        -- text
        stage as stage_code,
        description,

        -- amounts
        amount as charge_amount,

        -- dates
        chargedate as charge_date,

        -- moments
        lastmodifieddate as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
