-- what may be billed twice: living documents that say the same
with living as (

    select * from {{ ref('rec_t02_living') }}

),

lines as (

    select
        lines.*,
        living.psa_invoice_id,
        living.document_order,
        lines.line_type || '|' || lines.source_ref as source_key
    from {{ ref('fct_invoice_line') }} as lines
    inner join living
        on lines.invoice_id = living.invoice_id

),

-- one line of one delivery invoice on two documents
again as (

    select later.invoice_id, min(earlier.invoice_id) as other_id, 'again' as reason
    from lines as later
    inner join lines as earlier
        on later.psa_invoice_id = earlier.psa_invoice_id
        and later.source_key = earlier.source_key
        and later.service_start = earlier.service_start
        and later.net_amount = earlier.net_amount
    where earlier.document_order < later.document_order
    group by later.invoice_id

),

numbered as (

    select later.invoice_id, min(earlier.invoice_id) as other_id, 'number' as reason
    from living as later
    inner join living as earlier
        on later.legal_entity_id = earlier.legal_entity_id
        and later.invoice_number = earlier.invoice_number
    where earlier.document_order < later.document_order
    group by later.invoice_id

),

psa_bundles as (

    select
        project_id,
        psa_invoice_id,
        {{ month_start('work_date') }} as work_month,
        bill_rate,
        sum(hours) as hours
    from {{ ref('fct_time_entry') }}
    where psa_invoice_id is not null and is_billable
    group by project_id, psa_invoice_id, resource_id, role_id, {{ month_start('work_date') }}, bill_rate

),

-- hours on a delivery invoice, and the same hours at the same rate keyed into the ERP by hand
keyed_in as (

    select lines.invoice_id, min(bundles.psa_invoice_id) as other_id, 'manual' as reason
    from lines
    inner join psa_bundles as bundles
        on lines.project_id = bundles.project_id
        and {{ month_start('lines.service_start') }} = bundles.work_month
        and {{ month_start('lines.service_end') }} = bundles.work_month
        and lines.quantity = bundles.hours
        and lines.rate = bundles.bill_rate
    where lines.psa_invoice_id is null
    group by lines.invoice_id

),

-- same customer and amount within days, unless both say what they bill: the same line twice is found above
alike as (

    select later.invoice_id, min(earlier.invoice_id) as other_id, 'amount' as reason
    from living as later
    inner join living as earlier
        on later.customer_id = earlier.customer_id
        and later.currency = earlier.currency
        and later.net_amount = earlier.net_amount
    where earlier.document_order < later.document_order
        and {{ days('earlier.invoice_date', 'later.invoice_date') }} <= {{ check_parameter('T02', 'alike_within_days') }}
        and not (later.is_referenced and earlier.is_referenced)
    group by later.invoice_id

),

doubles as (

    select again.*, 1 as preference from again
    union all
    select numbered.*, 2 as preference from numbered
    union all
    select keyed_in.*, 3 as preference from keyed_in
    union all
    select alike.*, 4 as preference from alike

)

select
    invoice_id,
    reason,
    other_id
from (
    select doubles.*, row_number() over (partition by invoice_id order by preference) as best
    from doubles
) as ranked
where best = 1
