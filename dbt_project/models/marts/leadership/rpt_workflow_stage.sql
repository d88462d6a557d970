select
    workflow,
    workflow_title,
    stage,
    stage_title,
    stage_order,
    coalesce(business_unit_id, '') as business_unit_id,
    cast(sum(case when is_current then 1 else 0 end) as bigint) as subjects_now,
    cast(sum(case when is_current and is_breached then 1 else 0 end) as bigint) as breached_now,
    cast(sum(case when not is_current and business_days_in_stage is not null then 1 else 0 end) as bigint) as subjects_passed,
    cast(sum(case when not is_current and is_breached then 1 else 0 end) as bigint) as breached_passed,
    cast(sum(case when not is_current then business_days_in_stage end) as bigint) as business_days_passed,
    max(sla_days) as sla_days
from {{ ref('fct_workflow_stage') }}
where not is_final
group by workflow, workflow_title, stage, stage_title, stage_order, coalesce(business_unit_id, '')
