select
    name as instance,
    system
from {{ source('raw_config', 'instance') }}
