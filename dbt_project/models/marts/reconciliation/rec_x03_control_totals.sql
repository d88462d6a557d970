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
        'control:' || controls.control_id as matching_key,
        settings.severity,
        'Control total does not tie' as title,
        'Of the ' || controls.control || ' read from ' || controls.instance || ', ' || {{ number_text('controls.landed_amount') }}
        || ' landed, but the marts hold ' || {{ number_text('controls.mart_amount') }} || '.' as explanation,
        'control' as subject_type,
        controls.control_id as subject_id,
        controls.control as subject_name,
        cast(null as {{ dbt.type_string() }}) as legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        {{ as_of_date() }} as occurred_on
    from {{ ref('rec_x03_control') }} as controls
    cross join settings
    where controls.difference <> 0

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
