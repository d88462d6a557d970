with links as (
    select * from {{ ref('stg_netsuite__transaction_links') }}
    where link_type_code in ('Payment', 'CreditMemoApplication')
)

select
    links.instance || ':' || links.invoice_id || ':' || links.settling_id || ':' || links.link_type_code as application_id,
    links.instance || ':' || links.settling_id as payment_id,
    links.instance || ':' || links.invoice_id as invoice_id,
    case links.link_type_code when 'Payment' then 'payment' else 'credit_note' end as application_type,
    cast(abs(links.applied_amount) as decimal(18, 4)) as amount,
    settling.transaction_date as applied_on
from links
inner join {{ ref('stg_netsuite__transactions') }} as invoices
    on links.instance = invoices.instance
    and links.invoice_id = invoices.transaction_id
    and invoices.transaction_type = 'CustInvc'
left join {{ ref('stg_netsuite__transactions') }} as settling
    on links.instance = settling.instance
    and links.settling_id = settling.transaction_id
