{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['instance', 'transaction_id'],
    post_hook="{{ drop_dead('netsuite', 'transaction', ['transaction_id']) }}",
) }}

with source as (
    {{ living('netsuite', 'transaction', is_arriving=true) }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as transaction_id,
        entity as customer_id,
        postingperiod as period_id,
        currency as currency_id,
        subsidiary as subsidiary_id,
        psa_invoice_ref,
        intercotransaction as paired_transaction_id,

        -- text
        tranid as transaction_number,
        type as transaction_type,
        status as status_code,
        memo,

        -- flags
        posting as is_posting,
        voided as is_voided,
        is_disputed,

        -- amounts
        exchangerate as exchange_rate,
        case when type = 'CustCred' then -abs(foreigntotal) else foreigntotal end as gross_amount,
        case when type = 'CustCred' then -abs(foreignamountunpaid) else foreignamountunpaid end as unpaid_amount,

        -- dates
        trandate as transaction_date,
        duedate as due_date,
        dispute_opened_on,
        dispute_closed_on,

        -- moments
        createddate as created_at,
        lastmodifieddate as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
