with source as (
    {{ living('salesforce', 'user') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as user_id,
        manager_id,

        -- text
        username,
        lower(trim(email)) as email,
        name as full_name,

        -- flags
        is_active,

        -- moments
        system_modstamp as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
