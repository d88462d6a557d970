with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'B01'

),

invoiced as (

    select distinct lines.milestone_id
    from {{ ref('fct_invoice_line') }} as lines
    inner join {{ ref('fct_invoice') }} as invoices
        on lines.invoice_id = invoices.invoice_id
    where invoices.document_type = 'invoice' and invoices.invoice_status <> 'voided' and lines.milestone_id is not null

),

accepted as (

    select
        milestones.*,
        projects.project_name,
        projects.customer_id,
        projects.legal_entity_id,
        projects.business_unit_id,
        projects.practice_id,
        {{ business_days('accepted_day', 'today') }} as business_days_since_acceptance,
        settings.severity
    from {{ ref('fct_milestone') }} as milestones
    inner join {{ ref('dim_project') }} as projects
        on milestones.project_id = projects.project_id
    cross join settings
    left join {{ ref('dim_legal_entity') }} as entities
        on coalesce(projects.legal_entity_id, settings.reporting_entity) = entities.legal_entity_id
    inner join {{ ref('dim_calendar_day') }} as accepted_day
        on entities.calendar_code = accepted_day.calendar_code and milestones.accepted_on = accepted_day.calendar_date
    inner join {{ ref('dim_calendar_day') }} as today
        on entities.calendar_code = today.calendar_code and today.calendar_date = {{ as_of_date() }}
    left join invoiced
        on milestones.milestone_id = invoiced.milestone_id
    where milestones.invoice_id is null
        and invoiced.milestone_id is null
        and milestones.amount > 0
        and lower(coalesce(milestones.erp_schedule_stage, 'hold')) not in ('ready', 'processed')
        and {{ business_days('accepted_day', 'today') }} > settings.grace_days

),

broken as (

    select
        milestone_id as matching_key,
        '' as period,
        severity,
        'Accepted milestone is not invoiced' as title,
        'Milestone ' || milestone_title || ' of ' || project_name || ', worth ' || {{ money_text('amount', 'currency') }} || ', was accepted on ' || {{ as_text('accepted_on') }}
        || ', ' || {{ as_text('business_days_since_acceptance') }} || ' business days ago. No invoice line bills it and '
        || case
            when erp_schedule_line_id is null then 'the ERP has no billing schedule line for it.'
            else 'its ERP billing schedule line is still on hold.'
        end as explanation,
        'milestone' as subject_type,
        milestone_id as subject_id,
        milestone_title as subject_name,
        customer_id,
        project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        amount as amount_at_risk,
        currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        accepted_on as occurred_on
    from accepted

)

{{ finding_rows('B01', 'broken') }}
