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

broken as (

    select
        weeks.resource_id as matching_key,
        {{ as_text('weeks.week_start') }} as period,
        case when weeks.is_urgent then 'S2' else settings.severity end as severity,
        case weeks.reason
            when 'leave' then 'Approved leave on days that are firmly booked'
            when 'days' then 'Firmly booked beyond availability on several days'
            else 'Firmly booked beyond availability over the week'
        end as title,
        resources.full_name || ' is firmly booked for ' || {{ hours_text('weeks.hard_hours') }} || ' in the week of ' || {{ as_text('weeks.week_start') }}
        || ' and has ' || {{ hours_text('weeks.available_hours') }} || ' to give: ' || {{ hours_text('weeks.excess_hours') }} || ' too many, counted by day'
        || case when weeks.leave_hours > 0 then ', ' || {{ hours_text('weeks.leave_hours') }} || ' of them on approved leave' else '' end
        || '. Booked on ' || booked.projects || '.'
        || case when weeks.soft_hours > 0 then ' Tentative bookings add ' || {{ hours_text('weeks.soft_hours') }} || '.' else '' end as explanation,
        'resource' as subject_type,
        weeks.resource_id as subject_id,
        resources.full_name as subject_name,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        resources.legal_entity_id,
        resources.business_unit_id,
        resources.practice_id,
        cast(null as decimal(18, 4)) as amount_at_risk,
        cast(null as {{ dbt.type_string() }}) as currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        booked.changed_on as occurred_on
    from {{ ref('rec_h02_week') }} as weeks
    inner join {{ ref('rec_check_setting') }} as settings
        on settings.check_id = 'H02'
    inner join {{ ref('dim_resource') }} as resources
        on weeks.resource_id = resources.resource_id
    inner join booked
        on weeks.resource_id = booked.resource_id and weeks.week_start = booked.week_start

)

{{ finding_rows('H02', 'broken') }}
