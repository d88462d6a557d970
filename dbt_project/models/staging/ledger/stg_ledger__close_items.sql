select
    legal_entity_id,
    month,
    round as close_round,
    item_kind,
    item_id,
    item_date,
    quantity,
    rate,
    amount,
    currency,
    is_counted,
    item_status,
    item_hash
from {{ source('raw_ledger', 'close_item') }}
