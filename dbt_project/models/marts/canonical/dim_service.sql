select
    {{ canonical_id('items.item_id', 'items.instance') }} as service_id,
    items.instance,
    items.item_id as source_id,
    items.item_code as service_code,
    coalesce(items.item_name, items.item_code) as service_name,
    service_map.canonical_value as service,
    items.item_type_code,
    not coalesce(items.is_inactive, false) as is_active,
    items.loaded_at
from {{ ref('stg_netsuite__items') }} as items
{{ join_value_map('service_map', 'items', 'service', 'item_code') }}
