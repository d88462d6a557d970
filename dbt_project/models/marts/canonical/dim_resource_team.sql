select
    resource_id,
    valid_from,
    valid_to,
    legal_entity_id,
    practice_id,
    business_unit_id
from {{ ref('int_employee_teams') }}
