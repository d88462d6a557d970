with source as (
    {{ living('salesforce', 'opportunity') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as opportunity_id,
        account_id,
        owner_id,
        psa_project_ref,

        -- text
        name as opportunity_name,
        stage_name,
        currency_iso_code as currency,
        type as opportunity_type,
        legal_entity_code,
        practice_code,
        business_unit_code,
        contract_type_code,
        erp_overdue_bucket,

        -- flags
        is_closed,
        is_won,
        erp_disputed as is_erp_disputed,

        -- amounts
        amount,
        probability,
        services_amount,
        erp_open_amount,

        -- dates
        close_date,
        start_date,
        end_date,
        erp_last_payment_date,

        -- moments
        created_date as created_at,
        last_modified_date as last_modified_at,
        system_modstamp as source_modified_at,
        _loaded_at as loaded_at
    from source
    where not coalesce(is_deleted, false)
)

select * from renamed
