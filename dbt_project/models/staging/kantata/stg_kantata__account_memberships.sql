with source as (
    {{ living('kantata', 'account_membership') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as membership_id,
        user_id,
        default_role_id,
        manager_id,

        -- amounts
        bill_rate_in_cents as bill_rate_minor,
        billability_target as billability_target_percent,

        -- moments
        disabled_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
