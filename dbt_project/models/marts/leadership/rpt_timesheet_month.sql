-- Hours expected of employees up to the last full week against what was handed in; what somebody handed in beyond does not make
-- good for somebody else
with cut_off as (

    select {{ add_days(as_of_date(), '-' ~ iso_weekday(as_of_date())) }} as day

),

expected as (

    select
        resource_id,
        legal_entity_id,
        practice_id,
        business_unit_id,
        {{ month_start('work_date') }} as month,
        sum(net_available_hours) as expected_hours
    from {{ ref('fct_capacity_day') }}
    cross join cut_off
    where not is_contractor and work_date <= cut_off.day
    group by resource_id, legal_entity_id, practice_id, business_unit_id, {{ month_start('work_date') }}

),

submitted as (

    select
        resource_id,
        employing_legal_entity_id as legal_entity_id,
        practice_id,
        business_unit_id,
        {{ month_start('work_date') }} as month,
        sum(hours) as submitted_hours
    from {{ ref('fct_time_entry') }}
    cross join cut_off
    where is_submitted and work_date <= cut_off.day
    group by resource_id, employing_legal_entity_id, practice_id, business_unit_id, {{ month_start('work_date') }}

)

select
    expected.resource_id,
    expected.legal_entity_id,
    expected.practice_id,
    expected.business_unit_id,
    expected.month,
    cut_off.day as cut_off,
    cast(expected.expected_hours as decimal(18, 4)) as expected_hours,
    cast(coalesce(submitted.submitted_hours, 0) as decimal(18, 4)) as submitted_hours,
    cast(greatest(expected.expected_hours - coalesce(submitted.submitted_hours, 0), 0) as decimal(18, 4)) as unsubmitted_hours
from expected
cross join cut_off
left join submitted
    on expected.resource_id = submitted.resource_id
    and expected.month = submitted.month
    and coalesce(expected.legal_entity_id, '') = coalesce(submitted.legal_entity_id, '')
    and coalesce(expected.practice_id, '') = coalesce(submitted.practice_id, '')
    and coalesce(expected.business_unit_id, '') = coalesce(submitted.business_unit_id, '')
