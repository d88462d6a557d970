with source as (
    {{ living('bamboohr', 'work_pattern') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as work_pattern_id,
        employee_id,

        -- amounts
        monday as monday_hours,
        tuesday as tuesday_hours,
        wednesday as wednesday_hours,
        thursday as thursday_hours,
        friday as friday_hours,
        saturday as saturday_hours,
        sunday as sunday_hours,

        -- dates
        date as effective_date,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
