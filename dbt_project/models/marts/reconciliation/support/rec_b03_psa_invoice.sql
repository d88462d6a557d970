select
    bridge.invoice_id,
    invoices.instance,
    invoices.source_id,
    invoices.invoice_number,
    invoices.status_code,
    invoices.invoice_date,
    invoices.is_draft,
    bridge.expected_amount,
    invoices.currency,
    invoices.source_modified_at,
    invoices.loaded_at
from {{ ref('rec_b03_bridge') }} as bridge
inner join {{ ref('fct_invoice') }} as documents
    on bridge.invoice_id = documents.invoice_id
inner join {{ ref('fct_psa_invoice') }} as invoices
    on documents.psa_invoice_id = invoices.psa_invoice_id
