with source as (
    {{ living('kantata', 'billing_milestone') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as billing_milestone_id,
        workspace_id,
        story_id,
        invoice_id as psa_invoice_id,

        -- text
        title,
        currency,

        -- amounts
        {{ from_minor('amount_in_cents', 'null', 'currency') }} as milestone_amount,

        -- dates
        date_to_invoice as invoice_on,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
