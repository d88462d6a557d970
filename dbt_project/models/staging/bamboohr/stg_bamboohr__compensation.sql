with source as (
    {{ living('bamboohr', 'compensation') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as compensation_id,
        employee_id,

        -- text
        currency,
        type as pay_type_code,
        paid_per as paid_per_code,

        -- amounts
        rate as pay_rate,

        -- dates
        start_date as effective_date,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
