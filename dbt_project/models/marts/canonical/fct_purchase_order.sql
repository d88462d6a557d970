select
    contract_id as purchase_order_id,
    instance,
    source_id,
    contract_id,
    opportunity_id,
    customer_id,
    legal_entity_id,
    po_number as order_number,
    po_amount as amount,
    currency,
    case when po_amount is not null then cast(current_value - po_amount as decimal(18, 4)) end as uncovered_amount,
    source_modified_at,
    loaded_at
from {{ ref('dim_contract') }}
where po_number is not null
