select
    waiver_id,
    correction_id,
    correction_key,
    actor,
    reason,
    granted_at,
    expires_at,
    ended_at,
    ended_by
from {{ source('raw_ledger', 'waiver') }}
