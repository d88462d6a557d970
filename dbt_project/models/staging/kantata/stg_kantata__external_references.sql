{{ config(materialized='table') }}

with source as (
    {{ living('kantata', 'external_reference') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as reference_id,
        service_model_ref as service_ref,
        subject_id,

        -- text
        service_name,
        service_model,
        subject_type,
        status as status_code,

        -- flags
        locked as is_locked,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
