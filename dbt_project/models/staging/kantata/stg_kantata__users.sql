with source as (
    {{ living('kantata', 'user') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as user_id,
        account_membership_id,
        role_id,

        -- text
        full_name,
        lower(trim(email_address)) as email,

        -- flags
        disabled as is_disabled,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
