with source as (
    {{ living('kantata', 'timesheet_submission') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as submission_id,
        user_id,
        workspace_id,

        -- text
        status as status_code,

        -- dates
        start_date,
        end_date,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
