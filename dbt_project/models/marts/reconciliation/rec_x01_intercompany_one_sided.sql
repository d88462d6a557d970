with broken as (

    select
        mistakes.document_id || '|' || mistakes.reason as matching_key,
        '' as period,
        settings.severity,
        'Intercompany documents do not agree' as title,
        'The cross charge ' || coalesce(documents.document_number, documents.document_id) || ' of ' || documents.legal_entity_id || ' with '
        || coalesce(documents.partner_entity_id, 'an unknown partner') || ' ' || mistakes.what as explanation,
        'intercompany' as subject_type,
        mistakes.document_id as subject_id,
        documents.document_number as subject_name,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        documents.legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as business_unit_id,
        cast(null as {{ dbt.type_string() }}) as practice_id,
        mistakes.amount as amount_at_risk,
        documents.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        documents.document_date as occurred_on
    from {{ ref('rec_x01_mistake') }} as mistakes
    inner join {{ ref('fct_intercompany_document') }} as documents
        on mistakes.document_id = documents.document_id
    cross join (select severity from {{ ref('rec_check_setting') }} where check_id = 'X01') as settings

)

{{ finding_rows('X01', 'broken') }}
