with source as (
    {{ living('netsuite', 'term') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as term_id,

        -- text
        name as term_name,

        -- amounts
        daysuntilnetdue as payment_terms_days,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
