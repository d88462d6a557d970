select
    legal_entity_id,
    role_name,
    valid_from,
    currency,
    cost_per_hour,
    markup
from {{ source('raw_config', 'transfer_price') }}
