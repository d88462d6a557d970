-- an invoice credited in full no longer bills anything: credited and billed again is billed once
with credits as (

    select credited_invoice_id as invoice_id, sum(net_amount) as credited_amount
    from {{ ref('fct_invoice') }}
    where document_type = 'credit_note' and credited_invoice_id is not null and invoice_status <> 'voided'
    group by credited_invoice_id

),

referenced as (

    select invoice_id, count(source_ref) = count(*) as is_referenced
    from {{ ref('fct_invoice_line') }}
    group by invoice_id

)

select
    invoices.invoice_id,
    invoices.invoice_number,
    invoices.legal_entity_id,
    invoices.customer_id,
    invoices.psa_invoice_id,
    invoices.invoice_date,
    invoices.currency,
    invoices.net_amount,
    coalesce(referenced.is_referenced, false) as is_referenced,
    row_number() over (order by invoices.invoice_date, length(invoices.invoice_id), invoices.invoice_id) as document_order
from {{ ref('fct_invoice') }} as invoices
left join credits
    on invoices.invoice_id = credits.invoice_id
left join referenced
    on invoices.invoice_id = referenced.invoice_id
where invoices.document_type = 'invoice'
    and invoices.invoice_status in ('draft', 'open', 'paid')
    and invoices.net_amount > abs(coalesce(credits.credited_amount, 0))
