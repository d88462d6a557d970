with source as (
    {{ living('bamboohr', 'time_off_request') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as request_id,
        employee_id,

        -- text
        status as status_code,
        type_name,
        unit as unit_code,

        -- amounts
        amount,

        -- dates
        start as first_day,
        {{ adapter.quote('end') }} as last_day,
        created as created_on,
        last_changed as last_changed_on,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
