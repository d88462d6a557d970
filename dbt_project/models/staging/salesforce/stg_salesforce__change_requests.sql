with source as (
    {{ living('salesforce', 'change_request') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as change_request_id,
        opportunity_ref,

        -- text
        name as change_request_name,
        currency_iso_code as currency,
        status_code,
        description,

        -- amounts
        amount,
        services_before,
        budget_before,
        billing_before,
        order_before,

        -- dates
        approved_on,
        planned_end_before,
        planned_end_after,

        -- moments
        created_date as created_at,
        system_modstamp as source_modified_at,
        _loaded_at as loaded_at
    from source
    where not coalesce(is_deleted, false)
)

select * from renamed
