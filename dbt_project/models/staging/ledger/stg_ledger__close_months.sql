select
    legal_entity_id,
    month,
    round as close_round,
    state as close_state,
    as_of as closed_as_of,
    frozen_at,
    frozen_by,
    reopened_at,
    reopened_by
from {{ source('raw_ledger', 'close_month') }}
