{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['instance', 'allocation_id'],
    post_hook="{{ drop_dead('kantata', 'workspace_allocation', ['allocation_id']) }}",
) }}

with source as (
    {{ living('kantata', 'workspace_allocation', is_arriving=true) }}
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
