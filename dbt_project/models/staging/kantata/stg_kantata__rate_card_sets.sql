with source as (
    {{ living('kantata', 'rate_card_set') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as rate_card_set_id,

        -- text
        title,

        -- flags
        account_default as is_account_default,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
