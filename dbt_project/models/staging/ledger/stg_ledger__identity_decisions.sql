select
    decision_id,
    record_key,
    target_key,
    kind,
    method,
    cast(score as decimal(18, 8)) as score,
    linked_from,
    actor,
    reason,
    decided_at,
    ended_at,
    ended_by
from {{ source('raw_ledger', 'identity_decision') }}
