with source as (
    {{ living('kantata', 'invoice') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as psa_invoice_id,
        workspace_id,

        -- text
        user_invoice_number as invoice_number,
        status as status_code,
        currency,

        -- flags
        draft as is_draft,

        -- amounts
        {{ from_minor('balance_in_cents', 'currency_base_unit', 'currency') }} as balance_amount,

        -- dates
        invoice_date,
        due_date,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
