with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'B03'

),

failing as (

    select
        bridge.*,
        case when bridge.unexplained <> 0 then abs(bridge.unexplained) else abs(bridge.header_difference) end as open_difference
    from {{ ref('rec_b03_bridge') }} as bridge
    where bridge.unexplained <> 0
        or abs(bridge.header_difference) > bridge.rounding_allowance

),

broken as (

    select
        invoices.invoice_id as matching_key,
        '' as period,
        {{ money_severity(
            'failing.open_difference', 'failing.billed_amount',
            "case when invoices.invoice_status = 'draft' then 'S2' else settings.severity end", 'settings.tolerance'
        ) }} as severity,
        'Invoice total disagrees with its sources' as title,
        'Invoice ' || invoices.invoice_number || ' bills ' || {{ money_text('failing.billed_amount', 'failing.currency') }}
        || ' without tax; approved time, expenses, milestones and agreed extras come to '
        || {{ money_text('failing.expected_amount', 'failing.currency') }} || '. Not explained: '
        || {{ money_text('failing.unexplained', 'failing.currency') }} || '.' as explanation,
        'invoice' as subject_type,
        invoices.invoice_id as subject_id,
        invoices.invoice_number as subject_name,
        invoices.customer_id,
        invoices.project_id,
        invoices.legal_entity_id,
        projects.business_unit_id,
        projects.practice_id,
        failing.open_difference as amount_at_risk,
        failing.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        invoices.invoice_date as occurred_on,
        settings.truth_system
    from failing
    inner join {{ ref('fct_invoice') }} as invoices
        on failing.invoice_id = invoices.invoice_id
    left join {{ ref('dim_project') }} as projects
        on invoices.project_id = projects.project_id
    cross join settings

    union all

    -- a month that carries too much takes it from another, which is not told again
    select
        periods.project_id || '|' || periods.currency as matching_key,
        {{ month_text('periods.service_month') }} as period,
        {{ money_severity(
            'periods.difference', 'periods.billed_amount',
            "case when periods.is_draft then 'S2' else settings.severity end", 'settings.tolerance'
        ) }} as severity,
        'Work is billed under another month' as title,
        'Invoices date ' || {{ money_text('periods.billed_amount', 'periods.currency') }} || ' of work and expenses to '
        || {{ month_text('periods.service_month') }} || ', of which ' || {{ money_text('periods.difference', 'periods.currency') }}
        || ' was delivered in another month (invoice ' || coalesce(periods.invoice_number, 'without a number')
        || '). The totals of the invoices are right.' as explanation,
        'project' as subject_type,
        periods.project_id as subject_id,
        projects.project_name as subject_name,
        projects.customer_id,
        periods.project_id,
        projects.legal_entity_id,
        projects.business_unit_id,
        projects.practice_id,
        periods.difference as amount_at_risk,
        periods.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        least({{ month_end('periods.service_month') }}, {{ as_of_date() }}) as occurred_on,
        -- when work was done is the time sheets' to say
        'psa' as truth_system
    from {{ ref('rec_b03_period') }} as periods
    left join {{ ref('dim_project') }} as projects
        on periods.project_id = projects.project_id
    cross join settings
    where periods.difference > periods.rounding_allowance

)

{{ finding_rows('B03', 'broken', rule_version='2', truth_system='broken.truth_system') }}
