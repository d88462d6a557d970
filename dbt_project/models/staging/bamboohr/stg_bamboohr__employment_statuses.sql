with source as (
    {{ living('bamboohr', 'employment_status') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as employment_status_id,
        employee_id,
        termination_type_id,

        -- text
        employment_status as employment_status_code,
        comment,

        -- dates
        date as effective_date,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
