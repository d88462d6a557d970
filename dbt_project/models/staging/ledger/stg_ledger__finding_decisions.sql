select
    decision_id,
    finding_id,
    kind as decision_kind,
    reason_class,
    reason,
    actor,
    decided_at,
    expires_at,
    ended_at,
    ended_by
from {{ source('raw_ledger', 'finding_decision') }}
