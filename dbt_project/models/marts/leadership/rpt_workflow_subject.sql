select
    stages.workflow,
    stages.workflow_title,
    stages.subject_type,
    stages.subject_id,
    stages.subject_name,
    stages.opportunity_id,
    stages.project_id,
    projects.project_name,
    stages.customer_id,
    customers.customer_name,
    stages.legal_entity_id,
    stages.business_unit_id,
    units.business_unit_name,
    stages.stage,
    stages.stage_title,
    stages.entered_at,
    stages.business_days_in_stage,
    stages.sla_days,
    case when stages.business_days_in_stage - stages.sla_days > 0 then stages.business_days_in_stage - stages.sla_days when stages.business_days_in_stage is not null and stages.sla_days is not null then 0 end as delay_days,
    stages.is_breached,
    stages.blocked_by
from {{ ref('fct_workflow_stage') }} as stages
left join {{ ref('dim_customer') }} as customers
    on stages.customer_id = customers.customer_id
left join {{ ref('dim_project') }} as projects
    on stages.project_id = projects.project_id
left join {{ ref('dim_business_unit') }} as units
    on stages.business_unit_id = units.business_unit_id
where stages.is_current and not stages.is_final
