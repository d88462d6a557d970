select
    {{ canonical_id('invoices.psa_invoice_id', 'invoices.instance') }} as psa_invoice_id,
    invoices.instance,
    invoices.psa_invoice_id as source_id,
    invoices.invoice_number,
    coalesce(invoices.is_draft, false) as is_draft,
    invoices.status_code,
    invoices.invoice_date,
    {{ canonical_id('invoices.workspace_id', 'invoices.instance') }} as project_id,
    invoices.currency,
    documents.invoice_id,
    invoices.source_modified_at,
    invoices.loaded_at
from {{ ref('stg_kantata__invoices') }} as invoices
left join {{ ref('int_psa_invoice_documents') }} as documents
    on invoices.instance || ':' || invoices.psa_invoice_id = documents.psa_invoice_id
