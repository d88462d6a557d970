{# ERP document to the PSA invoice it was made from: stored reference of either side, then the invoice number. #}
with documents as (
    select
        transactions.*,
        transactions.instance || ':' || transactions.transaction_id as invoice_id
    from {{ ref('stg_netsuite__transactions') }} as transactions
    where transactions.transaction_type in ('CustInvc', 'CustCred')
),

psa_invoices as (
    select *, instance || ':' || psa_invoice_id as psa_invoice_key from {{ ref('stg_kantata__invoices') }}
),

stored_refs as (
    select * from {{ ref('stg_kantata__external_references') }}
    where service_name = 'netsuite' and service_model = 'invoice' and subject_type = 'Invoice'
),

candidates as (
    select
        documents.invoice_id as scope,
        psa_invoices.psa_invoice_key as target_key,
        1 as rung,
        'stored_reference' as method,
        coalesce(documents.transaction_number = psa_invoices.invoice_number, false) as agrees,
        documents.source_modified_at as known_at
    from documents
    inner join psa_invoices on documents.psa_invoice_ref = psa_invoices.psa_invoice_id
    union all
    select
        documents.invoice_id as scope,
        psa_invoices.psa_invoice_key as target_key,
        1 as rung,
        'stored_reference' as method,
        coalesce(documents.transaction_number = psa_invoices.invoice_number, false) as agrees,
        stored_refs.source_modified_at as known_at
    from stored_refs
    inner join psa_invoices
        on stored_refs.instance = psa_invoices.instance
        and stored_refs.subject_id = psa_invoices.psa_invoice_id
    inner join documents on stored_refs.service_ref = documents.transaction_id
    union all
    select
        documents.invoice_id as scope,
        psa_invoices.psa_invoice_key as target_key,
        3 as rung,
        'invoice_number' as method,
        true as agrees,
        documents.source_modified_at as known_at
    from documents
    inner join psa_invoices on documents.transaction_number = psa_invoices.invoice_number
    where documents.transaction_type = 'CustInvc'
),

picked as (
    {{ ladder('candidates') }}
)

select
    scope as invoice_id,
    target_key as psa_invoice_id,
    rung,
    method,
    known_at,
    link_status
from picked
