select
    milestone_id,
    erp_instance,
    erp_schedule_line_id,
    erp_schedule_stage,
    erp_schedule_amount,
    currency,
    erp_schedule_modified_at,
    erp_schedule_loaded_at
from {{ ref('fct_milestone') }}
where erp_schedule_line_id is not null
