{# The ERP invoice of a PSA invoice: the latest one that is not voided (a voided one was issued again). #}
with documents as (
    select
        links.psa_invoice_id,
        links.invoice_id,
        row_number() over (
            partition by links.psa_invoice_id
            order by
                case when coalesce(transactions.is_voided, false) or transactions.status_code = 'V' then 1 else 0 end,
                transactions.transaction_date desc,
                links.invoice_id desc
        ) as preference
    from {{ ref('int_invoice_documents') }} as links
    inner join {{ ref('stg_netsuite__transactions') }} as transactions
        on links.invoice_id = transactions.instance || ':' || transactions.transaction_id
    where links.link_status = 'linked'
        and transactions.transaction_type = 'CustInvc'
)

select
    psa_invoice_id,
    invoice_id
from documents
where preference = 1
