with source as (
    {{ living('netsuite', 'currency') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as currency_id,

        -- text
        symbol as currency,
        name as currency_name,

        -- amounts
        currencyprecision as minor_units,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
