select
    {{ canonical_id('payments.transaction_id', 'payments.instance') }} as payment_id,
    payments.instance,
    payments.transaction_id as source_id,
    payments.transaction_number as payment_number,
    members.customer_id,
    entities.legal_entity_id,
    payments.transaction_date as payment_date,
    currencies.currency,
    payments.gross_amount as amount,
    payments.unpaid_amount as unapplied_amount,
    payments.exchange_rate,
    payments.source_modified_at,
    payments.loaded_at
from {{ ref('stg_netsuite__transactions') }} as payments
left join {{ ref('stg_netsuite__currencies') }} as currencies
    on payments.instance = currencies.instance
    and payments.currency_id = currencies.currency_id
left join {{ ref('int_erp_entities') }} as entities
    on payments.instance = entities.instance
    and payments.subsidiary_id = entities.subsidiary_id
left join {{ ref('int_customer_members') }} as members
    on payments.instance || ':customer:' || payments.customer_id = members.record_key
where payments.transaction_type = 'CustPymt'
