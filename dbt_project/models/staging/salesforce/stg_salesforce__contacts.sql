with source as (
    {{ living('salesforce', 'contact') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as contact_id,
        account_id,
        reports_to_id as reports_to_contact_id,
        owner_id,

        -- text
        {{ clean('first_name') }} as first_name,
        {{ clean('last_name') }} as last_name,
        lower({{ clean('email') }}) as email,
        title as job_title,

        -- moments
        created_date as created_at,
        last_modified_date as last_modified_at,
        system_modstamp as source_modified_at,
        _loaded_at as loaded_at
    from source
    where not coalesce(is_deleted, false)
)

select * from renamed
