with source as (
    {{ living('kantata', 'workspace_allocation') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as allocation_id,
        workspace_resource_id,
        workspace_id,

        -- text
        notes,

        -- flags
        hard as is_hard,

        -- amounts
        minutes,
        {{ hours('minutes') }} as allocated_hours,

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
