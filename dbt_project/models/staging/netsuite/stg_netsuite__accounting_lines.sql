{{ config(materialized='table') }}

with source as (
    {{ living('netsuite', 'transactionaccountingline', key=['transaction', 'transactionline', 'accountingbook']) }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        transaction as transaction_id,
        transactionline as line_id,
        accountingbook as book_id,
        account as account_id,

        -- flags
        posting as is_posting,

        -- amounts
        debit as debit_amount,
        credit as credit_amount,
        amount as line_amount,
        netamount as net_amount,
        exchangerate as exchange_rate,

        -- moments
        lastmodifieddate as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
