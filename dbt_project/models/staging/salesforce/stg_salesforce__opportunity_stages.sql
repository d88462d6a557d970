with source as (
    {{ living('salesforce', 'opportunity_stage') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as stage_id,

        -- text
        api_name as stage_name,
        master_label as stage_label,

        -- flags
        is_active,
        is_closed,
        is_won,

        -- amounts
        sort_order,
        default_probability,

        -- moments
        system_modstamp as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
