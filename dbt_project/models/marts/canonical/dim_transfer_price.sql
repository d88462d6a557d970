select
    legal_entity_id || '|' || role_name || '|' || {{ as_text('valid_from') }} as transfer_price_id,
    legal_entity_id,
    role_name,
    currency,
    cost_per_hour,
    markup,
    {{ round_money(product('cost_per_hour', '1 + markup'), 'currency') }} as price_per_hour,
    valid_from,
    {{ add_days('lead(valid_from) over (partition by legal_entity_id, role_name order by valid_from)', -1) }} as valid_to
from {{ ref('stg_config__transfer_prices') }}
