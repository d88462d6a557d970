with source as (
    {{ living('kantata', 'rate_card_set_version') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as set_version_id,
        rate_card_set_id,

        -- flags
        active as is_published,

        -- dates
        effective_date,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
