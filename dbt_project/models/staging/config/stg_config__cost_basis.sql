select
    legal_entity_id,
    valid_from,
    loading_factor,
    contract_loading_factor,
    hours_per_year,
    full_time_week_hours
from {{ source('raw_config', 'cost_basis') }}
