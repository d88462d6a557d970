with source as (
    {{ living('kantata', 'rate_card_role') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as card_role_id,
        rate_card_version_id as card_version_id,
        role_id,

        -- amounts
        rate,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
