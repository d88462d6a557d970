-- several checks may speak of one record; its amount counts for the first of them in the order of the list (checks, rhythm and
-- reporting): a missing rate before a wrong one, before an unapproved change, before double billing, before ageing
{% set order = ['R01', 'R02', 'C06', 'T02', 'T01', 'B01'] %}
with claims as (

    select
        'R01' as check_id,
        project_id || '|' || coalesce(role_id, '') as matching_key,
        {{ month_text('work_date') }} as period,
        'time_entry' as record_type,
        time_entry_id as record_id,
        estimated_amount as amount,
        currency
    from {{ ref('rec_r01_unpriced_time') }}
    union all
    -- the difference in price belongs to the first line of a person and role
    select
        'R02' as check_id,
        prices.price_id as matching_key,
        '' as period,
        'invoice_line' as record_type,
        lines.invoice_line_id as record_id,
        case when row_number() over (partition by prices.price_id order by lines.invoice_line_id) = 1 then prices.amount else 0 end as amount,
        prices.invoice_currency as currency
    from {{ ref('rec_r02_apart') }} as prices
    inner join {{ ref('fct_invoice_line') }} as lines
        on prices.invoice_id = lines.invoice_id
        and prices.item_ref = lines.source_ref
        and lines.line_type = 'time'
    union all
    -- work on a change that nobody had approved yet
    select
        'C06' as check_id,
        'early:' || changes.change_request_id as matching_key,
        '' as period,
        'time_entry' as record_type,
        entries.time_entry_id as record_id,
        entries.bill_amount as amount,
        entries.currency
    from {{ ref('fct_change_request') }} as changes
    inner join {{ ref('dim_task') }} as tasks
        on changes.change_request_id = tasks.change_request_id
    inner join {{ ref('fct_time_entry') }} as entries
        on tasks.task_id = entries.task_id
    where not changes.is_approved or entries.work_date < changes.approved_on
    union all
    select
        'T02' as check_id,
        doubles.invoice_id as matching_key,
        '' as period,
        'invoice_line' as record_type,
        lines.invoice_line_id as record_id,
        lines.net_amount as amount,
        invoices.currency
    from {{ ref('rec_t02_double') }} as doubles
    inner join {{ ref('fct_invoice') }} as invoices
        on doubles.invoice_id = invoices.invoice_id
    inner join {{ ref('fct_invoice_line') }} as lines
        on doubles.invoice_id = lines.invoice_id
    union all
    select
        'T02' as check_id,
        'time:' || entries.time_entry_id as matching_key,
        '' as period,
        'time_entry' as record_type,
        entries.time_entry_id as record_id,
        entries.bill_amount as amount,
        entries.currency
    from {{ ref('rec_t02_entered_twice') }} as doubles
    inner join {{ ref('fct_time_entry') }} as entries
        on doubles.time_entry_id = entries.time_entry_id
    union all
    select
        'T01' as check_id,
        project_id as matching_key,
        {{ month_text('work_date') }} as period,
        'time_entry' as record_type,
        time_entry_id as record_id,
        bill_amount as amount,
        currency
    from {{ ref('fct_time_entry') }}
    where is_approved and is_billable and not is_invoiced and psa_invoice_id is null
    union all
    select
        'B01' as check_id,
        milestone_id as matching_key,
        '' as period,
        'milestone' as record_type,
        milestone_id as record_id,
        amount,
        currency
    from {{ ref('fct_milestone') }}

),

ranked as (

    select
        claims.*,
        row_number() over (
            partition by record_type, record_id
            order by case check_id {% for check in order %}when '{{ check }}' then {{ loop.index }} {% endfor %}end, matching_key, period
        ) as place
    from claims

)

select
    record_type || '|' || record_id as primary_record_id,
    record_type,
    record_id,
    check_id,
    matching_key,
    period,
    cast(amount as decimal(18, 4)) as amount,
    currency
from ranked
where place = 1
