select
    workflow,
    workflow_title,
    stage,
    stage_title,
    stage_order,
    sla_days,
    is_final
from {{ source('raw_config', 'workflow_stage') }}
