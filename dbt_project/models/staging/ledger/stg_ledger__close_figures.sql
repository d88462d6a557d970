select
    legal_entity_id,
    month,
    round as close_round,
    metric as metric_id,
    unit,
    value as metric_value
from {{ source('raw_ledger', 'close_figure') }}
