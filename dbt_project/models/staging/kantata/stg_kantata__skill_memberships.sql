with source as (
    {{ living('kantata', 'skill_membership') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as skill_membership_id,
        user_id,
        skill_id,

        -- text
        cached_skill_name,

        -- amounts
        level as skill_level,
        max_level,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
