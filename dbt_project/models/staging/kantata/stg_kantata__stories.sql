{{ config(materialized='table') }}

with source as (
    {{ living('kantata', 'story') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as story_id,
        workspace_id,
        parent_id as parent_story_id,

        -- text
        title,
        story_type,
        state as state_code,

        -- flags
        billable as is_billable,
        fixed_fee as is_fixed_fee,
        archived as is_archived,

        -- amounts
        percentage_complete as percent_complete,
        budget_estimate_in_cents as budget_estimate_minor,
        time_estimate_in_minutes,

        -- dates
        start_date,
        due_date,
        accepted_on,
        baseline_due_date,

        -- moments
        deleted_at,
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
    where deleted_at is null
)

select * from renamed
