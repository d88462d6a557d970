with source as (
    {{ living('netsuite', 'currencyrate') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as currency_rate_id,
        basecurrency as base_currency_id,
        transactioncurrency as transaction_currency_id,

        -- amounts
        exchangerate as exchange_rate,

        -- dates
        effectivedate as effective_date,

        -- moments
        lastmodifieddate as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
