with settings as (

    select * from {{ source('raw_config', 'check_setting') }}

),

firm as (

    select * from {{ source('raw_config', 'firm') }}

)

select
    settings.check_id,
    settings.name as check_name,
    settings.severity,
    settings.owner_role,
    settings.truth_system,
    cast(coalesce(settings.grace_days, 0) as bigint) as grace_days,
    cast(coalesce(settings.grace_hours, 0) as bigint) as grace_hours,
    cast(settings.max_source_age_hours as bigint) as max_source_age_hours,
    cast(settings.tolerance as decimal(18, 4)) as tolerance,
    settings.enabled as is_enabled,
    settings.approver_role,
    firm.reporting_currency,
    firm.reporting_entity
from settings
cross join firm
