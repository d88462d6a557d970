with subjects as (
    select 'opportunity' as subject_type, opportunity_id as subject_id, opportunity_name as subject_name, opportunity_id, cast(null as {{ dbt.type_string() }}) as project_id, customer_id, legal_entity_id, business_unit_id
    from {{ ref('fct_opportunity') }}
    union all
    select 'project' as subject_type, project_id as subject_id, project_name as subject_name, opportunity_id, project_id, customer_id, legal_entity_id, business_unit_id
    from {{ ref('dim_project') }}
    union all
    select 'change_request' as subject_type, changes.change_request_id as subject_id, changes.change_request_name as subject_name, changes.opportunity_id, cast(null as {{ dbt.type_string() }}) as project_id, deals.customer_id, deals.legal_entity_id, deals.business_unit_id
    from {{ ref('fct_change_request') }} as changes
    left join {{ ref('fct_opportunity') }} as deals on changes.opportunity_id = deals.opportunity_id
    union all
    select 'invoice' as subject_type, invoices.invoice_id as subject_id, invoices.invoice_number as subject_name, invoices.opportunity_id, invoices.project_id, invoices.customer_id, invoices.legal_entity_id, projects.business_unit_id
    from {{ ref('fct_invoice') }} as invoices
    left join {{ ref('dim_project') }} as projects on invoices.project_id = projects.project_id
),

staged as (
    select
        entries.workflow,
        stages.workflow_title,
        entries.subject_id,
        entries.stage,
        stages.stage_title,
        stages.stage_order,
        stages.sla_days,
        stages.is_final,
        entries.entered_at,
        lead(entries.entered_at) over (partition by entries.workflow, entries.subject_id order by stages.stage_order) as left_at,
        row_number() over (partition by entries.workflow, entries.subject_id order by stages.stage_order desc) = 1 as is_current
    from {{ ref('int_workflow_entries') }} as entries
    inner join {{ ref('stg_config__workflow_stages') }} as stages
        on entries.workflow = stages.workflow and entries.stage = stages.stage
),

timed as (
    select
        staged.*,
        subjects.subject_type,
        subjects.subject_name,
        subjects.opportunity_id,
        subjects.project_id,
        subjects.customer_id,
        subjects.legal_entity_id,
        subjects.business_unit_id,
        {{ business_days('entered_day', 'last_day') }} as business_days_in_stage
    from staged
    inner join subjects on staged.subject_id = subjects.subject_id
    cross join {{ ref('stg_config__firm') }} as firm
    left join {{ ref('dim_legal_entity') }} as entities
        on coalesce(subjects.legal_entity_id, firm.reporting_entity) = entities.legal_entity_id
    left join {{ ref('dim_calendar_day') }} as entered_day
        on entities.calendar_code = entered_day.calendar_code and cast(staged.entered_at as date) = entered_day.calendar_date
    left join {{ ref('dim_calendar_day') }} as last_day
        on entities.calendar_code = last_day.calendar_code
        and case when staged.is_current then {{ as_of_date() }} else cast(staged.left_at as date) end = last_day.calendar_date
)

select
    timed.workflow || ':' || timed.subject_id || ':' || timed.stage as workflow_stage_id,
    timed.workflow,
    timed.workflow_title,
    timed.subject_type,
    timed.subject_id,
    timed.subject_name,
    timed.opportunity_id,
    timed.project_id,
    timed.customer_id,
    timed.legal_entity_id,
    timed.business_unit_id,
    timed.stage,
    timed.stage_title,
    cast(timed.stage_order as bigint) as stage_order,
    timed.is_final,
    timed.is_current,
    timed.entered_at,
    timed.left_at,
    cast(timed.business_days_in_stage as bigint) as business_days_in_stage,
    cast(timed.sla_days as bigint) as sla_days,
    timed.business_days_in_stage > timed.sla_days as is_breached,
    case
        when not timed.is_current or timed.is_final then null
        when blockers.blocked_by is not null then blockers.blocked_by
        when timed.workflow = 'opportunity_handoff' then 'no project is made'
        when timed.workflow = 'billing_approval' then 'not posted in the ERP'
        else 'nothing that the systems show'
    end as blocked_by
from timed
left join {{ ref('int_workflow_blockers') }} as blockers
    on timed.workflow = blockers.workflow and timed.subject_id = blockers.subject_id
