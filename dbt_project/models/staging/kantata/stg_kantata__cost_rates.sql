with source as (
    {{ living('kantata', 'cost_rate') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as cost_rate_id,
        account_membership_id as membership_id,

        -- text
        currency,

        -- flags
        in_use as is_in_use,

        -- amounts
        cast({{ from_minor('amount_in_subunits', 'cast(null as bigint)', 'currency') }} as decimal(18, 8)) as cost_rate,

        -- moments
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
