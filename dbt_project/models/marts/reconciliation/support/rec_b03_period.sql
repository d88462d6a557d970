-- Work put on invoices by the month it was done in, beside the month their lines say. Only items whose totals agree: what an item
-- is billed too high or too low is in the bridge of its invoice. A line that spans months names none, so its item is left out.
with agreed as (

    select
        items.invoice_id,
        items.item_type,
        items.item_ref,
        invoices.instance as erp_instance,
        invoices.invoice_number,
        invoices.invoice_status,
        invoices.psa_invoice_id,
        invoices.project_id,
        invoices.currency
    from {{ ref('rec_b03_item') }} as items
    inner join {{ ref('fct_invoice') }} as invoices
        on items.invoice_id = invoices.invoice_id
    where items.item_type in ('time', 'expense')
        and items.is_in_psa
        and items.is_in_erp
        and invoices.project_id is not null
        and abs(items.erp_amount - items.psa_amount) <= {{ rounding_allowance('invoices.currency', 'items.line_count') }}

),

undated as (

    select distinct invoice_id, line_type, source_ref
    from {{ ref('fct_invoice_line') }}
    where coalesce({{ month_start('service_start') }} <> {{ month_start('service_end') }}, true)

),

items as (

    select agreed.*
    from agreed
    left join undated
        on agreed.invoice_id = undated.invoice_id
        and agreed.item_type = undated.line_type
        and agreed.item_ref = undated.source_ref
    where undated.invoice_id is null

),

worked as (

    select
        entries.psa_invoice_id,
        'time' as item_type,
        coalesce(resources.psa_user_id, '') || '|' || coalesce(replace(entries.role_id, entries.instance || ':', ''), '') as item_ref,
        {{ month_start('entries.work_date') }} as service_month,
        entries.bill_amount as amount
    from {{ ref('fct_time_entry') }} as entries
    left join {{ ref('dim_resource') }} as resources
        on entries.resource_id = resources.resource_id
    where entries.is_approved and entries.is_billable
    union all
    select
        psa_invoice_id,
        'expense' as item_type,
        source_id as item_ref,
        {{ month_start('expense_date') }} as service_month,
        amount
    from {{ ref('fct_expense') }}
    where is_approved and is_billable

),

dated as (

    select
        items.*,
        worked.service_month,
        worked.amount as delivered_amount,
        cast(0 as decimal(18, 4)) as billed_amount,
        0 as line_count
    from items
    inner join worked
        on items.psa_invoice_id = worked.psa_invoice_id
        and items.item_type = worked.item_type
        and items.item_ref = worked.item_ref
    union all
    select
        items.*,
        {{ month_start('lines.service_start') }} as service_month,
        cast(0 as decimal(18, 4)) as delivered_amount,
        lines.net_amount as billed_amount,
        1 as line_count
    from items
    inner join {{ ref('fct_invoice_line') }} as lines
        on items.invoice_id = lines.invoice_id
        and items.item_type = lines.line_type
        and items.item_ref = lines.source_ref

),

by_item as (

    select
        project_id,
        currency,
        service_month,
        erp_instance,
        invoice_number,
        invoice_status,
        item_type,
        item_ref,
        sum(delivered_amount) as delivered_amount,
        sum(billed_amount) as billed_amount,
        sum(line_count) as line_count
    from dated
    group by project_id, currency, service_month, erp_instance, invoice_id, invoice_number, invoice_status, item_type, item_ref

)

select
    project_id || '|' || currency || ':' || {{ month_text('service_month') }} as service_period_id,
    project_id,
    currency,
    service_month,
    max(erp_instance) as erp_instance,
    -- the document to look at, where lines carry more than the month's work
    min(case when billed_amount > delivered_amount then invoice_number end) as invoice_number,
    min(case when invoice_status = 'draft' then 1 else 0 end) = 1 as is_draft,
    cast(sum(delivered_amount) as decimal(18, 4)) as delivered_amount,
    cast(sum(billed_amount) as decimal(18, 4)) as billed_amount,
    cast(sum(billed_amount) - sum(delivered_amount) as decimal(18, 4)) as difference,
    cast({{ rounding_allowance('currency', 'sum(line_count)') }} as decimal(18, 4)) as rounding_allowance
from by_item
group by project_id, currency, service_month
