{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['instance', 'time_entry_id'],
    post_hook="{{ drop_dead('kantata', 'time_entry', ['time_entry_id']) }}",
) }}

with source as (
    {{ living('kantata', 'time_entry', is_arriving=true) }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as time_entry_id,
        workspace_id,
        story_id,
        user_id,
        role_id,
        invoice_id as psa_invoice_id,
        active_submission_id,

        -- text
        notes,
        currency,

        -- flags
        billable as is_billable,
        approved as is_approved,
        is_invoiced,

        -- amounts
        time_in_minutes,
        {{ hours('time_in_minutes') }} as hours,
        cast({{ from_minor('rate_in_cents', 'currency_base_unit', 'currency') }} as decimal(18, 8)) as bill_rate,

        -- dates
        date_performed as work_date,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
