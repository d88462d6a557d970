with source as (
    {{ living('bamboohr', 'employee') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as employee_id,
        supervisor_eid as manager_employee_id,

        -- text
        employee_number,
        first_name,
        last_name,
        display_name as full_name,
        lower(trim(work_email)) as email,
        status as status_code,
        employment_history_status as employment_status_code,
        job_title,
        department as department_code,
        division as division_code,
        location as location_code,

        -- amounts
        standard_hours_per_week,

        -- dates
        hire_date,
        original_hire_date,
        termination_date,

        -- moments
        last_changed as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
