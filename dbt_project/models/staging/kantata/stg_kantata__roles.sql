with source as (
    {{ living('kantata', 'role') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as role_id,

        -- text
        name as role_name,

        -- moments
        deleted_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
