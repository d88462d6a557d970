-- what stands open when a month closes: time and expenses nobody approved, and weeks nobody submitted
with entities as (

    select entities.legal_entity_id, entities.calendar_code, today.business_day_number as today_number
    from {{ ref('dim_legal_entity') }} as entities
    inner join {{ ref('dim_calendar_day') }} as today
        on entities.calendar_code = today.calendar_code and today.calendar_date = {{ as_of_date() }}

),

-- business days since a month ended, in the calendar of the company
ended as (

    select
        entities.legal_entity_id,
        days.calendar_date as month_end,
        entities.today_number - days.business_day_number as days_since
    from entities
    inner join {{ ref('dim_calendar_day') }} as days
        on entities.calendar_code = days.calendar_code
    where days.calendar_date = {{ month_end('days.calendar_date') }} and days.calendar_date < {{ as_of_date() }}

),

unapproved as (

    select
        'time' as item_type,
        entries.resource_id || '|' || entries.project_id || '|' || {{ as_text(add_days('entries.work_date', '1 - ' ~ iso_weekday('entries.work_date'))) }} as item_key,
        entries.resource_id,
        entries.project_id,
        coalesce(entries.project_legal_entity_id, entries.employing_legal_entity_id) as legal_entity_id,
        {{ month_end('entries.work_date') }} as month_end,
        min(entries.work_date) as first_day,
        sum(entries.hours) as hours,
        sum(case when entries.is_billable then entries.bill_amount end) as amount,
        min(entries.currency) as currency
    from {{ ref('fct_time_entry') }} as entries
    where not entries.is_approved
    group by
        entries.resource_id, entries.project_id, {{ add_days('entries.work_date', '1 - ' ~ iso_weekday('entries.work_date')) }},
        coalesce(entries.project_legal_entity_id, entries.employing_legal_entity_id), {{ month_end('entries.work_date') }}

    union all

    select
        'expense' as item_type,
        expenses.expense_id as item_key,
        expenses.resource_id,
        expenses.project_id,
        projects.legal_entity_id,
        {{ month_end('expenses.expense_date') }} as month_end,
        expenses.expense_date as first_day,
        cast(null as decimal(12, 4)) as hours,
        expenses.amount,
        expenses.currency
    from {{ ref('fct_expense') }} as expenses
    left join {{ ref('dim_project') }} as projects
        on expenses.project_id = projects.project_id
    where not expenses.is_approved

),

expected as (

    select
        resource_id,
        legal_entity_id,
        {{ add_days('work_date', '1 - ' ~ iso_weekday('work_date')) }} as week_start,
        {{ month_end('work_date') }} as month_end,
        min(work_date) as first_day,
        max(work_date) as last_day,
        sum(net_available_hours) as hours
    from {{ ref('fct_capacity_day') }}
    where not is_contractor and net_available_hours > 0
        and work_date >= {{ add_days(as_of_date(), '-92') }} and work_date <= {{ as_of_date() }}
    group by resource_id, legal_entity_id, {{ add_days('work_date', '1 - ' ~ iso_weekday('work_date')) }}, {{ month_end('work_date') }}

),

missing as (

    select
        'missing' as item_type,
        'missing:' || expected.resource_id || '|' || {{ as_text('expected.week_start') }} as item_key,
        expected.resource_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        expected.legal_entity_id,
        expected.month_end,
        expected.first_day,
        expected.hours - coalesce(sum(entries.hours), 0) as hours,
        cast(null as decimal(18, 4)) as amount,
        cast(null as {{ dbt.type_string() }}) as currency
    from expected
    left join {{ ref('fct_time_entry') }} as entries
        on expected.resource_id = entries.resource_id
        and entries.work_date between expected.first_day and expected.last_day
    where expected.month_end >= {{ add_days(as_of_date(), '-' ~ check_parameter('T04', 'missing_lookback_days')) }}
        and not exists (
            select 1
            from {{ ref('fct_timesheet_submission') }} as submissions
            where submissions.resource_id = expected.resource_id and submissions.week_start = expected.week_start
        )
    group by expected.resource_id, expected.week_start, expected.legal_entity_id, expected.month_end, expected.first_day, expected.hours
    having expected.hours - coalesce(sum(entries.hours), 0) > {{ check_parameter('T04', 'missing_hours') }}

)

select
    items.item_type,
    items.item_key,
    items.resource_id,
    items.project_id,
    items.legal_entity_id,
    items.month_end,
    items.first_day,
    cast(items.hours as decimal(18, 4)) as hours,
    cast(items.amount as decimal(18, 4)) as amount,
    items.currency,
    ended.days_since,
    ended.days_since >= {{ check_parameter('T04', 'close_business_days') }} as is_closed
from (
    select * from unapproved
    union all
    select * from missing
) as items
inner join ended
    on items.legal_entity_id = ended.legal_entity_id and items.month_end = ended.month_end
where ended.days_since >= {{ check_parameter('T04', 'close_business_days') }} - {{ check_parameter('T04', 'reminder_business_days') }}
