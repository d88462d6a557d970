with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'T03'

),

-- the window of the day the work was done counts, not the project's status of today
outside_window as (

    select
        entries.time_entry_id,
        entries.work_date,
        entries.hours,
        entries.is_invoiced,
        entries.currency,
        case when entries.is_billable then entries.bill_amount else 0 end as amount,
        projects.project_id,
        projects.project_name,
        projects.customer_id,
        projects.legal_entity_id,
        projects.business_unit_id,
        projects.practice_id,
        projects.open_from,
        projects.open_to,
        resources.full_name,
        settings.severity
    from {{ ref('fct_time_entry') }} as entries
    inner join {{ ref('dim_project') }} as projects
        on entries.project_id = projects.project_id
    left join {{ ref('dim_resource') }} as resources
        on entries.resource_id = resources.resource_id
    cross join settings
    where (entries.work_date < projects.open_from or entries.work_date > projects.open_to)
        and entries.source_modified_at <= {{ as_of() }} - settings.grace_days * interval '1' day

),

broken as (

    select
        time_entry_id as matching_key,
        '' as period,
        case when is_invoiced then 'S1' else severity end as severity,
        'Time booked while the project was closed' as title,
        coalesce(full_name, 'Somebody') || ' booked ' || {{ hours_text('hours') }} || ' on '
        || {{ as_text('work_date') }} || '; ' || project_name || ' was open for time from '
        || coalesce({{ as_text('open_from') }}, 'its start') || ' to ' || coalesce({{ as_text('open_to') }}, 'today')
        || case when is_invoiced then '. The entry is already invoiced.' else '.' end as explanation,
        'time_entry' as subject_type,
        time_entry_id as subject_id,
        coalesce(full_name, time_entry_id) || ', ' || {{ as_text('work_date') }} as subject_name,
        customer_id,
        project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        amount as amount_at_risk,
        currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        work_date as occurred_on
    from outside_window

)

{{ finding_rows('T03', 'broken') }}
