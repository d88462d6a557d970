with rates as (
    select
        transaction_currencies.currency as from_currency,
        base_currencies.currency as to_currency,
        rates.effective_date as published_on,
        cast(rates.exchange_rate as decimal(18, 8)) as rate,
        row_number() over (
            partition by transaction_currencies.currency, base_currencies.currency, rates.effective_date
            order by rates.instance, rates.source_modified_at desc, rates.currency_rate_id
        ) as preference
    from {{ ref('stg_netsuite__currency_rates') }} as rates
    inner join {{ ref('stg_netsuite__currencies') }} as base_currencies
        on rates.instance = base_currencies.instance
        and rates.base_currency_id = base_currencies.currency_id
    inner join {{ ref('stg_netsuite__currencies') }} as transaction_currencies
        on rates.instance = transaction_currencies.instance
        and rates.transaction_currency_id = transaction_currencies.currency_id
    where rates.effective_date <= {{ as_of_date() }}
)

select
    from_currency,
    to_currency,
    published_on,
    rate,
    lead(published_on) over (partition by from_currency, to_currency order by published_on) as next_published_on
from rates
where preference = 1
    and from_currency <> to_currency
