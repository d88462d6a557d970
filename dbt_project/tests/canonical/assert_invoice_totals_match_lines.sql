-- An invoice whose net amount is not the sum of its lines was counted twice or lost a line.
select
    invoices.invoice_id,
    invoices.net_amount,
    sum(lines.net_amount) as line_amount
from {{ ref('fct_invoice') }} as invoices
left join {{ ref('fct_invoice_line') }} as lines
    on invoices.invoice_id = lines.invoice_id
group by invoices.invoice_id, invoices.net_amount
having invoices.net_amount <> coalesce(sum(lines.net_amount), 0)
