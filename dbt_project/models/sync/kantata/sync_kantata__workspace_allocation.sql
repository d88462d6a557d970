with bookings as (

    select
        findings.finding_id,
        assignments.instance as target_instance,
        assignments.source_id as target_record_id,
        assignments.start_date,
        assignments.end_date,
        cast(round(assignments.allocated_hours * 60, 0) as bigint) as minutes,
        resources.termination_date
    from {{ ref('fct_findings') }} as findings
    inner join {{ ref('fct_assignment') }} as assignments
        on findings.subject_type = 'assignment' and findings.subject_id = assignments.assignment_id
    inner join {{ ref('dim_resource') }} as resources
        on assignments.resource_id = resources.resource_id
    where findings.check_id = 'H01'

),

-- a booking that starts after the last day cannot end before it starts: it keeps its dates and loses its minutes
changes as (

    select
        finding_id,
        target_instance,
        target_record_id,
        'end_date' as field,
        {{ as_text('end_date') }} as expected_value,
        {{ as_text('termination_date') }} as new_value,
        'date' as value_type
    from bookings
    where start_date <= termination_date

    union all

    select
        finding_id,
        target_instance,
        target_record_id,
        'minutes' as field,
        {{ as_text('minutes') }} as expected_value,
        '0' as new_value,
        'int' as value_type
    from bookings
    where start_date > termination_date

)

{{ sync_rows('changes', 'kantata', 'workspace_allocation') }}
