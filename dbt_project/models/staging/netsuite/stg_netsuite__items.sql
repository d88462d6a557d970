with source as (
    {{ living('netsuite', 'item') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as item_id,

        -- text
        itemid as item_code,
        displayname as item_name,
        itemtype as item_type_code,

        -- flags
        isinactive as is_inactive,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
