-- what a month-end close of a company freezes, as it is now
with items as (

    select
        project_legal_entity_id as legal_entity_id,
        {{ month_start('work_date') }} as month,
        'time_entry' as item_kind,
        time_entry_id as item_id,
        work_date as item_date,
        cast(hours as decimal(18, 4)) as quantity,
        cast(bill_rate as decimal(18, 4)) as rate,
        cast(case when is_billable then bill_amount else 0 end as decimal(18, 4)) as amount,
        currency,
        is_approved as is_counted,
        case when is_billable then 'billable' else 'not billable' end as item_status,
        source_created_at as recorded_at
    from {{ ref('fct_time_entry') }}
    union all
    select
        projects.legal_entity_id,
        {{ month_start('expenses.expense_date') }} as month,
        'expense' as item_kind,
        expenses.expense_id as item_id,
        expenses.expense_date as item_date,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as rate,
        cast(expenses.amount as decimal(18, 4)) as amount,
        expenses.currency,
        expenses.is_approved as is_counted,
        case when expenses.is_billable then 'billable' else 'not billable' end as item_status,
        cast(null as {{ type_moment() }}) as recorded_at
    from {{ ref('fct_expense') }} as expenses
    left join {{ ref('dim_project') }} as projects on expenses.project_id = projects.project_id
    union all
    select
        legal_entity_id,
        posting_period_start as month,
        'invoice' as item_kind,
        invoice_id as item_id,
        invoice_date as item_date,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as rate,
        cast(net_amount as decimal(18, 4)) as amount,
        currency,
        coalesce(invoice_status, '') <> 'voided' as is_counted,
        case when invoice_status = 'voided' then 'voided' else document_type end as item_status,
        cast(null as {{ type_moment() }}) as recorded_at
    from {{ ref('fct_invoice') }}

)

select
    legal_entity_id,
    month,
    item_kind,
    item_id,
    item_date,
    quantity,
    rate,
    amount,
    currency,
    is_counted,
    item_status,
    {{ md5_key(['legal_entity_id', 'item_date', 'quantity', 'rate', 'amount', 'currency', 'is_counted', 'item_status']) }} as item_hash,
    recorded_at
from items
