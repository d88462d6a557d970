with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'H01'

),

-- left for good: a last day in the past, and not hired again since
leavers as (

    select
        resources.*,
        settings.severity,
        settings.grace_days
    from {{ ref('dim_resource') }} as resources
    cross join settings
    where resources.hr_employee_id is not null
        and resources.termination_date < {{ as_of_date() }}
        and (resources.hire_date is null or resources.hire_date <= resources.termination_date)

),

-- what an hour on the project usually bills, to put a price on hours that nobody will work
project_rate as (

    select
        project_id,
        {{ ratio('sum(bill_amount)', 'sum(hours)') }} as average_rate
    from {{ ref('fct_time_entry') }}
    where is_billable and bill_rate > 0
    group by project_id

),

booked_after as (

    select
        assignments.assignment_id as matching_key,
        leavers.resource_id,
        leavers.severity,
        'Booked after the last working day' as title,
        leavers.full_name || ' left on ' || {{ as_text('leavers.termination_date') }} || ' but stays booked on '
        || coalesce(projects.project_name, 'a project') || ' until ' || {{ as_text('assignments.end_date') }} || '.' as explanation,
        'assignment' as subject_type,
        assignments.assignment_id as subject_id,
        leavers.full_name as subject_name,
        assignments.project_id,
        leavers.legal_entity_id,
        leavers.business_unit_id,
        leavers.practice_id,
        cast(
            assignments.allocated_hours * project_rate.average_rate
            * {{ ratio(
                days('greatest(assignments.start_date, ' ~ add_days('leavers.termination_date', 1) ~ ')', 'assignments.end_date') ~ ' + 1',
                days('assignments.start_date', 'assignments.end_date') ~ ' + 1'
            ) }} as decimal(18, 4)
        ) as amount_at_risk,
        true as is_amount_estimated,
        projects.currency,
        {{ add_days('leavers.termination_date', 1) }} as occurred_on
    from {{ ref('fct_assignment') }} as assignments
    inner join leavers
        on assignments.resource_id = leavers.resource_id
    left join {{ ref('dim_project') }} as projects
        on assignments.project_id = projects.project_id
    left join project_rate
        on assignments.project_id = project_rate.project_id
    where assignments.end_date > leavers.termination_date
        and assignments.allocated_hours > 0

),

worked_after as (

    select
        'time:' || entries.time_entry_id as matching_key,
        leavers.resource_id,
        'S1' as severity,
        'Time dated after the last working day' as title,
        leavers.full_name || ' left on ' || {{ as_text('leavers.termination_date') }} || ' but has '
        || {{ hours_text('entries.hours') }} || ' of time on ' || {{ as_text('entries.work_date') }} || '.' as explanation,
        'time_entry' as subject_type,
        entries.time_entry_id as subject_id,
        leavers.full_name as subject_name,
        entries.project_id,
        leavers.legal_entity_id,
        leavers.business_unit_id,
        leavers.practice_id,
        cast(case when entries.is_billable then entries.bill_amount else 0 end as decimal(18, 4)) as amount_at_risk,
        false as is_amount_estimated,
        entries.currency,
        entries.work_date as occurred_on
    from {{ ref('fct_time_entry') }} as entries
    inner join leavers
        on entries.resource_id = leavers.resource_id
    where entries.work_date > leavers.termination_date

),

still_enabled as (

    select
        'user:' || psa_instance || ':' || psa_user_id as matching_key,
        resource_id,
        severity,
        'Delivery system user is still enabled' as title,
        full_name || ' left on ' || {{ as_text('termination_date') }} || ' but can still sign in to ' || psa_instance || '.' as explanation,
        'resource' as subject_type,
        resource_id as subject_id,
        full_name as subject_name,
        cast(null as {{ dbt.type_string() }}) as project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        cast(null as decimal(18, 4)) as amount_at_risk,
        false as is_amount_estimated,
        cast(null as {{ dbt.type_string() }}) as currency,
        {{ add_days('termination_date', 1) }} as occurred_on
    from leavers
    where psa_user_id is not null
        and not is_psa_disabled
        and {{ days('termination_date', as_of_date()) }} > grace_days

),

bookings as (

    select * from booked_after
    union all
    select * from worked_after
    union all
    select * from still_enabled

)

select * from bookings
