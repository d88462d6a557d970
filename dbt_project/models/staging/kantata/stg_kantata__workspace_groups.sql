with source as (
    {{ living('kantata', 'workspace_group') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as workspace_group_id,

        -- text
        name as group_name,
        contact_name,
        lower(trim(email)) as email,
        address,
        website,
        legal_name,

        -- flags
        company as is_company,

        -- amounts
        payment_terms_days,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
