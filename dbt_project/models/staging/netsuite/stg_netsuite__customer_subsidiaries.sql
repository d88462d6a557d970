with source as (
    {{ living('netsuite', 'customersubsidiaryrelationship') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as relationship_id,
        entity as customer_id,
        subsidiary as subsidiary_id,

        -- flags
        isprimary as is_primary,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
