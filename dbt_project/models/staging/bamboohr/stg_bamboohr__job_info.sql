with source as (
    {{ living('bamboohr', 'job_info') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as job_info_id,
        employee_id,

        -- text
        location as location_code,
        department as department_code,
        division as division_code,
        job_title,
        reports_to as reports_to_name,

        -- dates
        date as effective_date,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
