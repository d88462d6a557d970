with source as (
    {{ living('salesforce', 'contract') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as contract_id,
        account_id,
        opportunity_ref,

        -- text
        contract_number,
        status as status_code,
        currency_iso_code as currency,
        contract_type_code,
        legal_entity_code,
        po_number,

        -- flags
        billed_in_advance as is_billed_in_advance,

        -- amounts
        contract_term as term_months,
        contract_value,
        not_to_exceed,
        po_amount,
        agreed_discount,
        pass_through,

        -- dates
        start_date,
        end_date,

        -- moments
        created_date as created_at,
        last_modified_date as last_modified_at,
        system_modstamp as source_modified_at,
        _loaded_at as loaded_at
    from source
    where not coalesce(is_deleted, false)
)

select * from renamed
