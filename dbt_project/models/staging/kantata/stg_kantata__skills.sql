with source as (
    {{ living('kantata', 'skill') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as skill_id,

        -- text
        name as skill_name,

        -- amounts
        max_level,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
