select
    item,
    title as item_title,
    item_order
from {{ source('raw_config', 'handover_checklist') }}
