with source as (
    {{ living('netsuite', 'job') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as job_id,
        parent as customer_id,
        subsidiary as subsidiary_id,
        currency as currency_id,
        externalid as external_id,
        crm_opportunity_ref,

        -- text
        entityid as project_code,
        companyname as job_name,
        jobbillingtype as billing_type_code,
        entitystatus as status_code,

        -- flags
        isinactive as is_inactive,

        -- amounts
        jobprice as job_price,

        -- dates
        startdate as start_date,
        projectedenddate as end_date,

        -- moments
        lastmodifieddate as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
