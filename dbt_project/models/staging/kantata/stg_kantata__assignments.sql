with source as (
    {{ living('kantata', 'assignment') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as task_assignment_id,
        story_id,
        assignee_id,

        -- flags
        current as is_current,

        -- amounts
        {{ hours('allocated_minutes') }} as allocated_hours,
        {{ hours('estimated_minutes') }} as estimated_hours,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
