with source as (
    {{ living('netsuite', 'accountingbook') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as book_id,

        -- text
        name as book_name,

        -- flags
        isprimary as is_primary,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
