with source as (
    {{ living('kantata', 'rate_card') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as rate_card_id,
        rate_card_set_id,

        -- text
        currency,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
