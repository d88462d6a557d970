with source as (
    {{ living('netsuite', 'entityaddress', key=['nkey']) }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        nkey as address_id,

        -- text
        addr1 as address_line_1,
        addr2 as address_line_2,
        city,
        state,
        zip as postal_code,
        country as country_code,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
