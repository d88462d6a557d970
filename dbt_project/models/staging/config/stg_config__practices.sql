select
    id as practice_id,
    name as practice_name,
    utilization_target
from {{ source('raw_config', 'practice') }}
