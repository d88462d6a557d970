-- (Step 1/4) capacity of each weekday, which gives the weekly pattern and from it the standard hours
with weekdays as (

    select
        resource_id,
        practice_id,
        business_unit_id,
        legal_entity_id,
        {{ month_start('work_date') }} as month,
        {{ iso_weekday('work_date') }} as weekday,
        count(*) as days,
        sum(scheduled_hours) as gross_hours,
        sum(net_available_hours) as net_hours
    from {{ ref('fct_capacity_day') }}
    where not is_contractor and work_date <= {{ as_of_date() }}
    group by
        resource_id, practice_id, business_unit_id, legal_entity_id,
        {{ month_start('work_date') }}, {{ iso_weekday('work_date') }}

),

-- (Step 2/4) one row per person, team and month; a year of 2,080 hours is a full week of 40
capacity as (

    select
        resource_id,
        practice_id,
        business_unit_id,
        legal_entity_id,
        month,
        sum(gross_hours) as gross_hours,
        sum(net_hours) as net_hours,
        sum(days) as days_in_team,
        sum({{ ratio('gross_hours', 'days') }}) as weekly_hours
    from weekdays
    group by resource_id, practice_id, business_unit_id, legal_entity_id, month

),

standard as (

    select
        capacity.*,
        cast(
            {{ ratio('weekly_hours * 2080', '12 * 40') }}
            * {{ ratio('days_in_team', days('month', month_end('month')) ~ ' + 1') }} as decimal(18, 4)
        ) as standard_hours
    from capacity

),

-- (Step 3/4) hours worked, in the team of the day worked
worked as (

    select
        resource_id,
        practice_id,
        business_unit_id,
        legal_entity_id,
        month,
        sum(case when is_approved and is_billable then hours else 0 end) as billable_hours,
        sum(case when is_approved and is_productive then hours else 0 end) as productive_hours,
        sum(hours) as logged_hours
    from {{ ref('rpt_utilization_entry') }}
    group by resource_id, practice_id, business_unit_id, legal_entity_id, month

),

-- (Step 4/4) side by side; hours of somebody without capacity in the month stay visible
joined as (

    select
        coalesce(standard.resource_id, worked.resource_id) as resource_id,
        coalesce(standard.practice_id, worked.practice_id) as practice_id,
        coalesce(standard.business_unit_id, worked.business_unit_id) as business_unit_id,
        coalesce(standard.legal_entity_id, worked.legal_entity_id) as legal_entity_id,
        coalesce(standard.month, worked.month) as month,
        coalesce(worked.billable_hours, 0) as billable_hours,
        coalesce(worked.productive_hours, 0) as productive_hours,
        coalesce(worked.logged_hours, 0) as logged_hours,
        coalesce(standard.gross_hours, 0) as gross_hours,
        coalesce(standard.net_hours, 0) as net_hours,
        coalesce(standard.standard_hours, 0) as standard_hours
    from standard
    full outer join worked
        on standard.resource_id = worked.resource_id
        and standard.month = worked.month
        and coalesce(standard.practice_id, '') = coalesce(worked.practice_id, '')
        and coalesce(standard.business_unit_id, '') = coalesce(worked.business_unit_id, '')
        and coalesce(standard.legal_entity_id, '') = coalesce(worked.legal_entity_id, '')

)

select
    joined.resource_id,
    resources.full_name,
    joined.practice_id,
    practices.practice_name,
    joined.business_unit_id,
    joined.legal_entity_id,
    joined.month,
    {{ utilization_measures('joined') }},
    practices.utilization_target as target,
    {{ month_end('joined.month') }} >= {{ as_of_date() }} as is_open_month
from joined
inner join {{ ref('dim_resource') }} as resources
    on joined.resource_id = resources.resource_id
left join {{ ref('dim_practice') }} as practices
    on joined.practice_id = practices.practice_id
