with source as (
    {{ living('kantata', 'rate_card_version') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as card_version_id,
        rate_card_id,
        rate_card_set_version_id as set_version_id,

        -- amounts
        default_rate,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
