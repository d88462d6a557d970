-- which records a finding lays side by side: the one that says the truth, the other one, and further evidence
with findings as (

    select
        finding_id,
        check_id,
        matching_key,
        period,
        subject_type,
        subject_id,
        project_id
    from {{ ref('fct_findings') }}

),

links as (

    select finding_id, 1 as record_order, 'truth' as role, subject_type as entity, subject_id as entity_id
    from findings
    where check_id in ('B01', 'B04', 'X01', 'X02')
        or (check_id = 'B03' and subject_type = 'invoice')
        or (check_id = 'C01' and subject_type = 'opportunity')

    union all

    select finding_id, 2 as record_order, 'other' as role, subject_type as entity, subject_id as entity_id
    from findings
    where check_id = 'B02' or (check_id = 'C01' and subject_type = 'project')

    union all

    select findings.finding_id, 1 as record_order, 'truth' as role, 'contract' as entity, projects.contract_id as entity_id
    from findings
    inner join {{ ref('dim_project') }} as projects
        on findings.project_id = projects.project_id
    where findings.check_id = 'B02'

    union all

    select finding_id, 1 as record_order, 'truth' as role, 'agreed_price' as entity, matching_key as entity_id
    from findings
    where check_id = 'R02'

    union all

    select finding_id, 2 as record_order, 'other' as role, 'billed_price' as entity, matching_key as entity_id
    from findings
    where check_id = 'R02'

    union all

    select finding_id, 2 as record_order, 'other' as role, 'schedule_line' as entity, subject_id as entity_id
    from findings
    where check_id = 'B01'

    union all

    select finding_id, 3 as record_order, 'evidence' as role, 'project' as entity, project_id as entity_id
    from findings
    where check_id = 'B01'

    union all

    select findings.finding_id, 3 as record_order, 'other' as role, 'invoice' as entity, milestones.invoice_id as entity_id
    from findings
    inner join {{ ref('fct_milestone') }} as milestones
        on findings.subject_id = milestones.milestone_id
    where findings.check_id = 'B02'

    union all

    select finding_id, 2 as record_order, 'evidence' as role, 'project' as entity, project_id as entity_id
    from findings
    where check_id in ('B04', 'X02')

    union all

    select finding_id, 2 as record_order, 'other' as role, 'psa_invoice' as entity, subject_id as entity_id
    from findings
    where check_id = 'B03'

    union all

    select finding_id, 3 as record_order, 'evidence' as role, 'bridge' as entity, subject_id as entity_id
    from findings
    where check_id = 'B03'

    union all

    select finding_id, 1 as record_order, 'truth' as role, 'month_delivered' as entity, matching_key || ':' || period as entity_id
    from findings
    where check_id = 'B03' and subject_type = 'project'

    union all

    select finding_id, 2 as record_order, 'other' as role, 'month_billed' as entity, matching_key || ':' || period as entity_id
    from findings
    where check_id = 'B03' and subject_type = 'project'

    union all

    select finding_id, 3 as record_order, 'evidence' as role, 'project' as entity, project_id as entity_id
    from findings
    where check_id = 'B03' and subject_type = 'project'

    union all

    select finding_id, 1 as record_order, 'truth' as role, 'project' as entity, project_id as entity_id
    from findings
    where check_id in ('T01', 'T03', 'R01', 'T04')

    union all

    select finding_id, 1 as record_order, 'other' as role, subject_type as entity, subject_id as entity_id
    from findings
    where check_id = 'T02'

    union all

    select findings.finding_id, 2 as record_order, 'truth' as role, findings.subject_type as entity, doubles.other_id as entity_id
    from findings
    inner join (
        select invoice_id as record_id, other_id from {{ ref('rec_t02_double') }}
        union all
        select time_entry_id as record_id, other_id from {{ ref('rec_t02_entered_twice') }}
    ) as doubles
        on findings.subject_id = doubles.record_id
    where findings.check_id = 'T02'

    union all

    select finding_id, 2 as record_order, 'other' as role, 'time_entry' as entity, subject_id as entity_id
    from findings
    where check_id = 'T03' or (check_id = 'H01' and subject_type = 'time_entry')

    union all

    select finding_id, 2 as record_order, 'other' as role, 'expense' as entity, subject_id as entity_id
    from findings
    where check_id = 'T04' and subject_type = 'expense'

    union all

    select
        findings.finding_id,
        1 + row_number() over (partition by findings.finding_id order by entries.work_date, entries.time_entry_id) as record_order,
        'evidence' as role,
        'time_entry' as entity,
        entries.time_entry_id as entity_id
    from findings
    inner join {{ ref('fct_time_entry') }} as entries
        on findings.project_id = entries.project_id and findings.period = {{ month_text('entries.work_date') }}
    where findings.check_id = 'T01'
        and entries.is_approved and entries.is_billable and not entries.is_invoiced and entries.psa_invoice_id is null

    union all

    select
        findings.finding_id,
        1 + row_number() over (partition by findings.finding_id order by entries.work_date, entries.time_entry_id) as record_order,
        'evidence' as role,
        'time_entry' as entity,
        entries.time_entry_id as entity_id
    from findings
    inner join {{ ref('rec_r01_unpriced_time') }} as entries
        on findings.matching_key = entries.project_id || '|' || coalesce(entries.role_id, '')
        and findings.period = {{ month_text('entries.work_date') }}
    where findings.check_id = 'R01'

    union all

    select
        findings.finding_id,
        1 + row_number() over (partition by findings.finding_id order by entries.work_date, entries.time_entry_id) as record_order,
        'other' as role,
        'time_entry' as entity,
        entries.time_entry_id as entity_id
    from findings
    inner join {{ ref('fct_time_entry') }} as entries
        on findings.project_id = entries.project_id
        and findings.subject_id = entries.resource_id || '|' || entries.project_id || '|' || {{ as_text(add_days('entries.work_date', '1 - ' ~ iso_weekday('entries.work_date'))) }}
        and findings.period = {{ month_text('entries.work_date') }}
    where findings.check_id = 'T04' and not entries.is_approved

    union all

    select findings.finding_id, 1 as record_order, 'truth' as role, 'customer_account' as entity, comparison.truth_account_id as entity_id
    from findings
    inner join {{ ref('rec_c03_comparison') }} as comparison
        on findings.matching_key = comparison.matching_key
    where findings.check_id = 'C03'

    union all

    select findings.finding_id, 2 as record_order, 'other' as role, 'customer_account' as entity, comparison.customer_account_id as entity_id
    from findings
    inner join {{ ref('rec_c03_comparison') }} as comparison
        on findings.matching_key = comparison.matching_key
    where findings.check_id = 'C03'

    union all

    select
        findings.finding_id,
        row_number() over (partition by findings.finding_id order by accounts.customer_account_id) as record_order,
        'other' as role,
        'customer_account' as entity,
        accounts.customer_account_id as entity_id
    from findings
    inner join {{ ref('rec_c03_structure') }} as structure
        on findings.matching_key = structure.matching_key and structure.attribute = 'parent'
    inner join {{ ref('dim_customer_account') }} as accounts
        on structure.customer_id = accounts.customer_id
    where findings.check_id = 'C03'

    union all

    select findings.finding_id, 1 as record_order, 'other' as role, 'customer_account' as entity, numbers.customer_account_id as entity_id
    from findings
    inner join {{ ref('rec_c03_tax_id') }} as numbers
        on findings.matching_key = numbers.matching_key
    where findings.check_id = 'C03'

    union all

    -- the company that sells is a matter of the project
    select findings.finding_id, 1 as record_order, 'other' as role, 'project' as entity, findings.project_id as entity_id
    from findings
    where findings.check_id = 'C02' or (findings.check_id = 'C03' and findings.project_id is not null)

    union all

    select
        findings.finding_id,
        1 + row_number() over (partition by findings.finding_id order by accounts.system, accounts.customer_account_id) as record_order,
        case when accounts.system = 'netsuite' then 'truth' else 'other' end as role,
        'customer_account' as entity,
        accounts.customer_account_id as entity_id
    from findings
    inner join {{ ref('dim_project') }} as projects
        on findings.project_id = projects.project_id
    inner join {{ ref('dim_customer_account') }} as accounts
        on projects.customer_id = accounts.customer_id
    where findings.check_id = 'C02'

    union all

    select
        findings.finding_id,
        accounts.place as record_order,
        case when accounts.place = 1 then 'truth' else 'other' end as role,
        'customer_account' as entity,
        accounts.customer_account_id as entity_id
    from findings
    inner join {{ ref('rec_c04_account') }} as accounts
        on findings.matching_key = accounts.matching_key
    where findings.check_id = 'C04'

    union all

    select
        findings.finding_id,
        row_number() over (partition by findings.finding_id order by accounts.system, accounts.customer_account_id) as record_order,
        case when accounts.system = 'netsuite' then 'truth' else 'other' end as role,
        'customer_account' as entity,
        accounts.customer_account_id as entity_id
    from findings
    inner join {{ ref('dim_customer_account') }} as accounts
        on findings.subject_id = accounts.customer_id
    where findings.check_id = 'B05' and findings.subject_type = 'customer' and accounts.system in ('netsuite', 'salesforce')

    union all

    select finding_id, 1 as record_order, 'truth' as role, 'receivable' as entity, subject_id as entity_id
    from findings
    where check_id = 'B05' and subject_type = 'opportunity'

    union all

    select finding_id, 2 as record_order, 'other' as role, 'opportunity' as entity, subject_id as entity_id
    from findings
    where check_id = 'B05' and subject_type = 'opportunity'

    union all

    select
        findings.finding_id,
        2 + row_number() over (partition by findings.finding_id order by invoices.due_date, invoices.invoice_id) as record_order,
        'evidence' as role,
        'invoice' as entity,
        invoices.invoice_id as entity_id
    from findings
    inner join {{ ref('fct_invoice') }} as invoices
        on findings.subject_id = invoices.opportunity_id
    where findings.check_id = 'B05'
        and findings.subject_type = 'opportunity'
        and invoices.invoice_status in ('open', 'paid')

    union all

    select findings.finding_id, 1 as record_order, 'truth' as role, 'person' as entity, resources.resource_id as entity_id
    from findings
    inner join {{ ref('rec_h01_booking') }} as resources
        on findings.matching_key = resources.matching_key
    where findings.check_id = 'H01'

    union all

    select finding_id, 1 as record_order, 'truth' as role, 'person' as entity, subject_id as entity_id
    from findings
    where check_id = 'R03' or (check_id = 'H02' and project_id is null)

    union all

    select finding_id, 1 as record_order, 'evidence' as role, 'person' as entity, subject_id as entity_id
    from findings
    where check_id = 'T04' and subject_type = 'resource'

    union all

    select finding_id, 2 as record_order, 'other' as role, 'assignment' as entity, subject_id as entity_id
    from findings
    where check_id = 'H01' and subject_type = 'assignment'

    union all

    select
        findings.finding_id,
        1 + row_number() over (partition by findings.finding_id order by assignments.start_date, assignments.assignment_id) as record_order,
        'other' as role,
        'assignment' as entity,
        assignments.assignment_id as entity_id
    from findings
    inner join {{ ref('rec_h02_week') }} as weeks
        on findings.matching_key = weeks.resource_id and findings.period = {{ as_text('weeks.week_start') }}
    inner join {{ ref('fct_assignment') }} as assignments
        on weeks.resource_id = assignments.resource_id
        and weeks.week_start <= assignments.end_date and assignments.start_date <= {{ add_days('weeks.week_start', 6) }}
    where findings.check_id = 'H02' and assignments.allocated_hours > 0

    union all

    select
        findings.finding_id,
        row_number() over (partition by findings.finding_id order by assignments.start_date, assignments.assignment_id) as record_order,
        case when assignments.is_hard then 'truth' else 'evidence' end as role,
        'assignment' as entity,
        assignments.assignment_id as entity_id
    from findings
    inner join {{ ref('fct_assignment') }} as assignments
        on findings.subject_id = assignments.resource_id and findings.project_id = assignments.project_id
    where findings.check_id = 'H02' and assignments.allocated_hours > 0

    union all

    select
        findings.finding_id,
        100 + row_number() over (partition by findings.finding_id order by tasks.task_assignment_id) as record_order,
        'other' as role,
        'task_assignment' as entity,
        tasks.task_assignment_id as entity_id
    from findings
    inner join {{ ref('fct_task_assignment') }} as tasks
        on findings.subject_id = tasks.resource_id and findings.project_id = tasks.project_id
    where findings.check_id = 'H02' and tasks.is_current and tasks.allocated_hours > 0

    union all

    select finding_id, 2 as record_order, 'other' as role, 'psa_user' as entity, subject_id as entity_id
    from findings
    where (check_id = 'H01' and subject_type = 'resource') or check_id = 'R03'

    union all

    select finding_id, 1 as record_order, 'truth' as role, 'contract' as entity, subject_id as entity_id
    from findings
    where check_id = 'C05'

    union all

    select
        findings.finding_id,
        1 + row_number() over (partition by findings.finding_id order by links.project_id, links.opportunity_id) as record_order,
        'other' as role,
        'project' as entity,
        links.project_id as entity_id
    from findings
    inner join {{ ref('rec_c05_contract') }} as contracts
        on findings.subject_id = contracts.contract_id
    inner join {{ ref('rec_c05_group') }} as deals
        on contracts.group_id = deals.group_id
    inner join {{ ref('bridge_project_opportunity') }} as links
        on deals.opportunity_id = links.opportunity_id
    where findings.check_id = 'C05'

    union all

    select
        findings.finding_id,
        100 + row_number() over (partition by findings.finding_id order by lines.planned_date, lines.billing_schedule_line_id) as record_order,
        'other' as role,
        'billing_line' as entity,
        lines.billing_schedule_line_id as entity_id
    from findings
    inner join {{ ref('rec_c05_contract') }} as contracts
        on findings.subject_id = contracts.contract_id
    inner join {{ ref('rec_c05_group') }} as deals
        on contracts.group_id = deals.group_id
    inner join {{ ref('fct_billing_schedule_line') }} as lines
        on deals.opportunity_id = lines.opportunity_id
    where findings.check_id = 'C05'

    union all

    select finding_id, 1 as record_order, 'truth' as role, 'change_request' as entity, subject_id as entity_id
    from findings
    where check_id = 'C06'

    union all

    select
        findings.finding_id,
        1 + legs.leg_order as record_order,
        'other' as role,
        'change_leg' as entity,
        legs.change_request_leg_id as entity_id
    from findings
    inner join {{ ref('fct_change_request_leg') }} as legs
        on findings.subject_id = legs.change_request_id
    where findings.check_id = 'C06' and legs.leg_state <> 'not_needed'

    union all

    select
        findings.finding_id,
        10 + row_number() over (partition by findings.finding_id order by entries.work_date, entries.time_entry_id) as record_order,
        'evidence' as role,
        'time_entry' as entity,
        entries.time_entry_id as entity_id
    from findings
    inner join {{ ref('dim_task') }} as tasks
        on findings.subject_id = tasks.change_request_id
    inner join {{ ref('fct_time_entry') }} as entries
        on tasks.task_id = entries.task_id
    where findings.check_id = 'C06' and findings.matching_key like 'early:%'

    union all

    select finding_id, 1 as record_order, 'truth' as role, 'control' as entity, subject_id as entity_id
    from findings
    where check_id = 'X03' and subject_type = 'control'

    {% for neighbour in ['previous_invoice_id', 'next_invoice_id'] %}
    union all

    select findings.finding_id, {{ loop.index }} as record_order, 'evidence' as role, 'invoice' as entity, gaps.{{ neighbour }} as entity_id
    from findings
    inner join {{ ref('rec_x03_invoice_gap') }} as gaps
        on findings.matching_key = 'invoice_sequence:' || gaps.legal_entity_id || ':' || gaps.missing_invoice_number
    where findings.check_id = 'X03' and findings.subject_type = 'invoice_sequence'
    {% endfor %}

)

select
    finding_id,
    cast(record_order as bigint) as record_order,
    role,
    entity,
    entity_id
from links
where entity_id is not null
