with source as (
    {{ living('bamboohr', 'company_holiday') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as holiday_id,

        -- text
        name as holiday_name,

        -- dates
        start as first_day,
        {{ adapter.quote('end') }} as last_day,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
