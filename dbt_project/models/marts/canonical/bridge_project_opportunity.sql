select
    project_id,
    opportunity_id,
    method
from {{ ref('int_project_opportunities') }}
