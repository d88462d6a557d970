select
    legal_entity_id,
    practice_id,
    month,
    amount_rc
from {{ source('raw_config', 'revenue_plan') }}
