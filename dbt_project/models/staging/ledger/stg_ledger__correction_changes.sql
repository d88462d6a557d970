select
    correction_id,
    field as field_name,
    finding_id
from {{ source('raw_ledger', 'correction_change') }}
