with summed as (

    select
        practice_id,
        practice_name,
        business_unit_id,
        legal_entity_id,
        month,
        target,
        is_open_month,
        sum(billable_hours) as billable_hours,
        sum(productive_hours) as productive_hours,
        sum(logged_hours) as logged_hours,
        sum(gross_hours) as gross_hours,
        sum(net_hours) as net_hours,
        sum(standard_hours) as standard_hours
    from {{ ref('rpt_utilization_person_month') }}
    group by practice_id, practice_name, business_unit_id, legal_entity_id, month, target, is_open_month

)

select
    practice_id,
    practice_name,
    business_unit_id,
    legal_entity_id,
    month,
    {{ utilization_measures('summed') }},
    target,
    is_open_month
from summed
