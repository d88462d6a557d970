-- What the delivery system put on the invoice (approved or not) beside what the ERP bills, item by item. Time meets per
-- person and role, expenses and milestones by their own reference; a line without a reference meets nothing.
with documents as (

    select
        invoice_id,
        instance,
        psa_invoice_id
    from {{ ref('fct_invoice') }}
    where document_type = 'invoice'
        and invoice_status in ('draft', 'open', 'paid')
        and psa_invoice_id is not null

),

psa_items as (

    select
        documents.invoice_id,
        'time' as item_type,
        coalesce(resources.psa_user_id, '') || '|' || coalesce(replace(entries.role_id, entries.instance || ':', ''), '') as item_ref,
        sum(case when entries.is_approved and entries.is_billable then entries.hours else 0 end) as psa_quantity,
        sum(case when entries.is_approved and entries.is_billable then entries.bill_amount else 0 end) as psa_amount
    from documents
    inner join {{ ref('fct_time_entry') }} as entries
        on documents.psa_invoice_id = entries.psa_invoice_id
    left join {{ ref('dim_resource') }} as resources
        on entries.resource_id = resources.resource_id
    group by
        documents.invoice_id,
        coalesce(resources.psa_user_id, '') || '|' || coalesce(replace(entries.role_id, entries.instance || ':', ''), '')

    union all

    select
        documents.invoice_id,
        'expense' as item_type,
        expenses.source_id as item_ref,
        cast(1 as decimal(12, 4)) as psa_quantity,
        case when expenses.is_approved and expenses.is_billable then expenses.amount else 0 end as psa_amount
    from documents
    inner join {{ ref('fct_expense') }} as expenses
        on documents.psa_invoice_id = expenses.psa_invoice_id

    union all

    select
        documents.invoice_id,
        'milestone' as item_type,
        milestones.source_id as item_ref,
        cast(1 as decimal(12, 4)) as psa_quantity,
        milestones.amount as psa_amount
    from documents
    inner join {{ ref('fct_milestone') }} as milestones
        on documents.invoice_id = milestones.invoice_id

),

erp_items as (

    select
        documents.invoice_id,
        case when lines.line_type in ('fixed_fee', 'retainer', 'extra', 'discount') then 'extra' else lines.line_type end as item_type,
        lines.source_ref as item_ref,
        sum(lines.quantity) as erp_quantity,
        sum(lines.net_amount) as erp_amount,
        count(*) as line_count
    from documents
    inner join {{ ref('fct_invoice_line') }} as lines
        on documents.invoice_id = lines.invoice_id
    group by
        documents.invoice_id,
        case when lines.line_type in ('fixed_fee', 'retainer', 'extra', 'discount') then 'extra' else lines.line_type end,
        lines.source_ref

)

select
    coalesce(psa_items.invoice_id, erp_items.invoice_id) as invoice_id,
    coalesce(psa_items.item_type, erp_items.item_type) as item_type,
    coalesce(psa_items.item_ref, erp_items.item_ref) as item_ref,
    psa_items.invoice_id is not null as is_in_psa,
    erp_items.invoice_id is not null as is_in_erp,
    cast(coalesce(psa_items.psa_quantity, 0) as decimal(18, 4)) as psa_quantity,
    cast(coalesce(psa_items.psa_amount, 0) as decimal(18, 4)) as psa_amount,
    cast(coalesce(erp_items.erp_quantity, 0) as decimal(18, 4)) as erp_quantity,
    cast(coalesce(erp_items.erp_amount, 0) as decimal(18, 4)) as erp_amount,
    cast(coalesce(erp_items.line_count, 0) as bigint) as line_count
from psa_items
full outer join erp_items
    on psa_items.invoice_id = erp_items.invoice_id
    and psa_items.item_type = erp_items.item_type
    and psa_items.item_ref = erp_items.item_ref
