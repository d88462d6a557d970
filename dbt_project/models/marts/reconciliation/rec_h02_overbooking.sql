-- the projects a person is booked on in the week, each name once
with bookings as (

    select
        weeks.resource_id,
        weeks.week_start,
        coalesce(projects.project_name, assignments.project_id) as project_name,
        max(cast(assignments.source_modified_at as date)) as changed_on
    from {{ ref('rec_h02_week') }} as weeks
    inner join {{ ref('fct_assignment') }} as assignments
        on weeks.resource_id = assignments.resource_id
        and weeks.week_start <= assignments.end_date and assignments.start_date <= {{ add_days('weeks.week_start', 6) }}
    left join {{ ref('dim_project') }} as projects
        on assignments.project_id = projects.project_id
    where assignments.is_hard and assignments.allocated_hours > 0
    group by weeks.resource_id, weeks.week_start, coalesce(projects.project_name, assignments.project_id)

),

booked as (

    select
        resource_id,
        week_start,
        {{ listagg('project_name', ', ', 'project_name') }} as projects,
        max(changed_on) as changed_on
    from bookings
    group by resource_id, week_start

),

overbooked as (

    select
        weeks.resource_id,
        weeks.resource_id as matching_key,
        {{ as_text('weeks.week_start') }} as period,
        case when weeks.is_urgent then 'S2' end as raised_severity,
        case weeks.reason
            when 'leave' then 'Approved leave on days that are firmly booked'
            when 'days' then 'Firmly booked beyond availability on several days'
            else 'Firmly booked beyond availability over the week'
        end as title,
        ' is firmly booked for ' || {{ hours_text('weeks.hard_hours') }} || ' in the week of ' || {{ as_text('weeks.week_start') }}
        || ' and has ' || {{ hours_text('weeks.available_hours') }} || ' to give: ' || {{ hours_text('weeks.excess_hours') }} || ' too many, counted by day'
        || case when weeks.leave_hours > 0 then ', ' || {{ hours_text('weeks.leave_hours') }} || ' of them on approved leave' else '' end
        || '. Booked on ' || booked.projects || '.' as told,
        weeks.soft_hours,
        cast(null as {{ dbt.type_string() }}) as project_id,
        'hr' as truth_system,
        booked.changed_on as occurred_on
    from {{ ref('rec_h02_week') }} as weeks
    inner join booked
        on weeks.resource_id = booked.resource_id and weeks.week_start = booked.week_start

),

-- both sides are the PSA's, and its bookings are what the firm has promised
apart as (

    select
        pairs.resource_id,
        pairs.matching_key,
        '' as period,
        cast(null as {{ dbt.type_string() }}) as raised_severity,
        case
            when pairs.difference_hours > 0 then 'More hours on tasks than firmly booked'
            else 'Fewer hours on tasks than firmly booked'
        end as title,
        ' has ' || {{ hours_text('pairs.task_hours') }} || ' on tasks of ' || projects.project_name || ' and firm bookings of '
        || {{ hours_text('pairs.hard_hours') }} || ' on it: ' || {{ hours_text('abs(pairs.difference_hours)') }}
        || case when pairs.difference_hours > 0 then ' more' else ' fewer' end || ' on tasks than booked.' as told,
        pairs.soft_hours,
        pairs.project_id,
        'psa' as truth_system,
        cast(pairs.changed_at as date) as occurred_on
    from {{ ref('rec_h02_project') }} as pairs
    inner join {{ ref('dim_project') }} as projects
        on pairs.project_id = projects.project_id

),

found as (

    select * from overbooked
    union all
    select * from apart

),

broken as (

    select
        found.matching_key,
        found.period,
        coalesce(found.raised_severity, settings.severity) as severity,
        found.title,
        resources.full_name || found.told
        || case when found.soft_hours > 0 then ' Tentative bookings add ' || {{ hours_text('found.soft_hours') }} || '.' else '' end as explanation,
        'resource' as subject_type,
        found.resource_id as subject_id,
        resources.full_name as subject_name,
        projects.customer_id,
        found.project_id,
        resources.legal_entity_id,
        resources.business_unit_id,
        resources.practice_id,
        cast(null as decimal(18, 4)) as amount_at_risk,
        cast(null as {{ dbt.type_string() }}) as currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        found.truth_system,
        found.occurred_on
    from found
    inner join {{ ref('rec_check_setting') }} as settings
        on settings.check_id = 'H02'
    inner join {{ ref('dim_resource') }} as resources
        on found.resource_id = resources.resource_id
    left join {{ ref('dim_project') }} as projects
        on found.project_id = projects.project_id

)

{{ finding_rows('H02', 'broken', truth_system='broken.truth_system') }}
