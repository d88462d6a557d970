{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['instance', 'transaction_id', 'line_id'],
    post_hook="{{ drop_dead('netsuite', 'transactionline', ['transaction_id', 'line_id']) }}",
) }}

with source as (
    {{ living('netsuite', 'transactionline', key=['transaction', 'id'], is_arriving=true) }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        transaction as transaction_id,
        id as line_id,
        uniquekey as unique_key,
        job as job_id,
        item as item_id,
        source_ref,
        duetofromsubsidiary as partner_subsidiary_id,

        -- text
        memo,
        source_type as source_type_code,
        price_reason,

        -- flags
        mainline as is_main_line,
        taxline as is_tax_line,

        -- amounts
        linesequencenumber as line_number,
        quantity,
        rate,
        cast(case when mainline then foreignamount else -foreignamount end as decimal(18, 4)) as line_amount,
        cast(case when mainline then netamount else -netamount end as decimal(18, 4)) as line_amount_fc,

        -- dates
        service_start,
        service_end,

        -- moments
        linelastmodifieddate as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
