with settings as (

    select severity, truth_system from {{ ref('rec_check_setting') }} where check_id = 'T02'

),

documents as (

    select
        doubles.invoice_id as matching_key,
        case when invoices.invoice_status = 'draft' then 'S2' else settings.severity end as severity,
        case doubles.reason
            when 'again' then 'Invoice issued again without a credit'
            when 'number' then 'Invoice number given twice'
            when 'manual' then 'Hours billed by delivery and by hand'
            else 'Two invoices of one amount within days'
        end as title,
        'Invoice ' || coalesce(invoices.invoice_number, invoices.invoice_id) || ' of ' || {{ as_text('invoices.invoice_date') }} || ' over '
        || {{ money_text('invoices.net_amount', 'invoices.currency') }}
        || case doubles.reason
            when 'again' then ' bills the same lines as invoice '
            when 'number' then ' carries the number of another living document, '
            when 'manual' then ' bills hours by hand that the delivery system bills on '
            else ' may repeat invoice '
        end || coalesce(others.invoice_number || ' of ' || {{ as_text('others.invoice_date') }}, psa.invoice_number, doubles.other_id)
        || case doubles.reason when 'amount' then ', same customer and amount, and they do not both say what they bill.' else '.' end as explanation,
        'invoice' as subject_type,
        doubles.invoice_id as subject_id,
        invoices.invoice_number as subject_name,
        invoices.customer_id,
        coalesce(invoices.project_id, psa.project_id) as project_id,
        invoices.legal_entity_id,
        invoices.net_amount as amount_at_risk,
        invoices.currency,
        invoices.invoice_date as occurred_on,
        settings.truth_system
    from {{ ref('rec_t02_double') }} as doubles
    cross join settings
    inner join {{ ref('fct_invoice') }} as invoices
        on doubles.invoice_id = invoices.invoice_id
    left join {{ ref('fct_invoice') }} as others
        on doubles.other_id = others.invoice_id
    left join {{ ref('fct_psa_invoice') }} as psa
        on doubles.other_id = psa.psa_invoice_id

),

entries as (

    select
        'time:' || doubles.time_entry_id as matching_key,
        case when entries.is_invoiced then settings.severity else 'S2' end as severity,
        'Hours entered twice' as title,
        coalesce(resources.full_name, 'Somebody') || ' has the same ' || {{ hours_text('entries.hours') }} || ' of ' || {{ as_text('entries.work_date') }}
        || ' on one task with one note under two ids.'
        || case when entries.is_invoiced then ' The second is invoiced.' else ' The second is not invoiced yet: have it unlinked before it is.' end as explanation,
        'time_entry' as subject_type,
        doubles.time_entry_id as subject_id,
        coalesce(resources.full_name, doubles.time_entry_id) || ', ' || {{ as_text('entries.work_date') }} as subject_name,
        projects.customer_id,
        entries.project_id,
        projects.legal_entity_id,
        entries.bill_amount as amount_at_risk,
        entries.currency,
        entries.work_date as occurred_on,
        'psa' as truth_system
    from {{ ref('rec_t02_entered_twice') }} as doubles
    cross join settings
    inner join {{ ref('fct_time_entry') }} as entries
        on doubles.time_entry_id = entries.time_entry_id
    left join {{ ref('dim_project') }} as projects
        on entries.project_id = projects.project_id
    left join {{ ref('dim_resource') }} as resources
        on entries.resource_id = resources.resource_id

),

broken as (

    select
        found.matching_key,
        '' as period,
        found.severity,
        found.title,
        found.explanation,
        found.subject_type,
        found.subject_id,
        found.subject_name,
        found.customer_id,
        found.project_id,
        found.legal_entity_id,
        coalesce(counted.amount, found.amount_at_risk) as amount_at_risk,
        found.currency,
        found.occurred_on,
        found.truth_system,
        projects.business_unit_id,
        projects.practice_id,
        false as is_amount_estimated,
        counted.matching_key is not null as is_primary_cause
    from (
        select * from documents
        union all
        select * from entries
    ) as found
    left join (
        select matching_key, sum(amount) as amount
        from {{ ref('rec_primary_record') }}
        where check_id = 'T02'
        group by matching_key
    ) as counted
        on found.matching_key = counted.matching_key
    left join {{ ref('dim_project') }} as projects
        on found.project_id = projects.project_id

)

{{ finding_rows('T02', 'broken', truth_system='broken.truth_system') }}
