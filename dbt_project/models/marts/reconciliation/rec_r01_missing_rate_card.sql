with broken as (

    select
        project_id || '|' || coalesce(role_id, '') as matching_key,
        {{ month_text(month_start('work_date')) }} as period,
        settings.severity,
        'Billable time has no rate' as title,
        'On ' || project_name || ', ' || {{ hours_text('sum(hours)') }} || ' of approved billable work '
        || coalesce('as ' || coalesce(role_name, role_id), 'without a role') || ' cannot be priced in ' || currency || ': ' || min(missing_reason)
        || case when sum(estimated_amount) is null then '.' else '. The amount is an estimate from the average rate of the role.' end as explanation,
        'project' as subject_type,
        project_id as subject_id,
        project_name as subject_name,
        customer_id,
        project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        sum(estimated_amount) as amount_at_risk,
        currency,
        true as is_amount_estimated,
        true as is_primary_cause,
        min(work_date) as occurred_on
    from {{ ref('rec_r01_unpriced_time') }}
    cross join (select severity from {{ ref('rec_check_setting') }} where check_id = 'R01') as settings
    group by
        project_id, role_id, role_name, {{ month_start('work_date') }}, settings.severity, project_name, currency,
        customer_id, legal_entity_id, business_unit_id, practice_id

)

{{ finding_rows('R01', 'broken') }}
