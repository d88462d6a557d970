with source as (
    {{ living('kantata', 'workspace_resource') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as workspace_resource_id,
        workspace_id,
        user_id,
        role_id,

        -- amounts
        resource_bill_rate,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
