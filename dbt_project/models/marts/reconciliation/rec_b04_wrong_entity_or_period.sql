with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'B04'

),

mistakes as (

    select * from {{ ref('rec_b04_mistake') }}

),

broken as (

    select
        mistakes.subject_id || '|' || mistakes.reason as matching_key,
        '' as period,
        case
            when mistakes.reason = 'entity' then settings.severity
            when mistakes.reason = 'period' and not mistakes.is_same_quarter then settings.severity
            else 'S2'
        end as severity,
        case mistakes.reason
            when 'entity' then 'Invoice of the wrong company'
            when 'period' then 'Invoice posted in the wrong period'
            else 'Invoice states contradict each other'
        end as title,
        mistakes.explanation,
        mistakes.subject_type,
        mistakes.subject_id,
        mistakes.document_number as subject_name,
        mistakes.customer_id,
        mistakes.project_id,
        mistakes.legal_entity_id,
        projects.business_unit_id,
        projects.practice_id,
        mistakes.amount as amount_at_risk,
        mistakes.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        mistakes.document_date as occurred_on
    from mistakes
    left join {{ ref('dim_project') }} as projects
        on mistakes.project_id = projects.project_id
    cross join settings

)

{{ finding_rows('B04', 'broken') }}
