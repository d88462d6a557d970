with source as (
    {{ living('bamboohr', 'time_off_day', key=['request_id', 'employee_id', 'ymd']) }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        request_id,
        employee_id,

        -- amounts
        amount,

        -- dates
        ymd as off_date,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
