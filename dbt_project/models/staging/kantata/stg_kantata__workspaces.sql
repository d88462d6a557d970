with source as (
    {{ living('kantata', 'workspace') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as workspace_id,
        account_id,
        rate_card_id,
        primary_workspace_group_id,
        primary_maven_id,

        -- text
        title,
        currency,
        status_key,
        stage as stage_code,
        practice_code,
        business_unit_code,
        legal_entity_code,
        contract_type_code,

        -- flags
        archived as is_archived,
        change_orders_enabled as has_change_orders,
        budgeted as is_budgeted,

        -- amounts
        percentage_complete as percent_complete,
        budget_hours,
        {{ from_minor('price_in_cents', 'currency_base_unit', 'currency') }} as price_amount,

        -- dates
        start_date,
        due_date,
        effective_due_date,
        open_from,
        open_to,

        -- moments
        created_at,
        updated_at as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
