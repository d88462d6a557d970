{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['instance', 'expense_id'],
    post_hook="{{ drop_dead('kantata', 'expense', ['expense_id']) }}",
) }}

with source as (
    {{ living('kantata', 'expense', is_arriving=true) }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as expense_id,
        workspace_id,
        story_id,
        user_id,
        invoice_id as psa_invoice_id,

        -- text
        category,
        currency,
        notes,

        -- flags
        is_billable,
        is_invoiced,
        approved as is_approved,

        -- amounts
        {{ from_minor('amount_in_cents', 'currency_base_unit', 'currency') }} as expense_amount,

        -- dates
        date as expense_date,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
