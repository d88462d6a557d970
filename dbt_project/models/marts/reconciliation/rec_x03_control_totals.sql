with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'X03'

),

gaps as (

    select
        'invoice_sequence:' || gaps.legal_entity_id || ':' || gaps.missing_invoice_number as matching_key,
        settings.severity,
        'Invoice number is missing' as title,
        'No invoice of ' || coalesce(entities.legal_entity_name, gaps.legal_entity_id) || ' carries the number ' || gaps.missing_invoice_number
        || ', although invoices on both sides of it exist.' as explanation,
        'invoice_sequence' as subject_type,
        gaps.missing_invoice_number as subject_id,
        gaps.missing_invoice_number as subject_name,
        gaps.legal_entity_id,
        entities.functional_currency as currency,
        gaps.numbered_after as occurred_on
    from {{ ref('rec_x03_invoice_gap') }} as gaps
    left join {{ ref('dim_legal_entity') }} as entities
        on gaps.legal_entity_id = entities.legal_entity_id
    cross join settings

),

controls as (

    select
        'control:' || ties.tie_id as matching_key,
        settings.severity,
        'Control total does not tie' as title,
        ties.tie || coalesce(' of ' || entities.legal_entity_name, ' of ' || ties.instance, '') || coalesce(' in ' || ties.currency, '')
        || ': ' || ties.from_stage || ' ' || {{ number_text('ties.from_amount', 2) }} || ', ' || ties.to_stage || ' '
        || {{ number_text('ties.to_amount', 2) }} || '.' as explanation,
        'control' as subject_type,
        ties.tie_id as subject_id,
        ties.tie as subject_name,
        ties.legal_entity_id,
        ties.currency,
        {{ as_of_date() }} as occurred_on
    from {{ ref('rec_x03_tie') }} as ties
    left join {{ ref('dim_legal_entity') }} as entities
        on ties.legal_entity_id = entities.legal_entity_id
    cross join settings
    where ties.difference <> 0

),

collected as (

    select * from gaps
    union all
    select * from controls

),

broken as (

    select
        collected.*,
        '' as period,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        cast(null as {{ dbt.type_string() }}) as business_unit_id,
        cast(null as {{ dbt.type_string() }}) as practice_id,
        cast(null as decimal(18, 4)) as amount_at_risk,
        false as is_amount_estimated,
        true as is_primary_cause
    from collected

)

{{ finding_rows('X03', 'broken') }}
