select
    practice_id,
    practice_name,
    utilization_target
from {{ ref('stg_config__practices') }}
