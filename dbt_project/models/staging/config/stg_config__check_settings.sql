select
    check_id,
    name as check_name,
    severity,
    owner_role,
    truth_system,
    grace_days,
    tolerance,
    enabled as is_enabled,
    approver_role
from {{ source('raw_config', 'check_setting') }}
