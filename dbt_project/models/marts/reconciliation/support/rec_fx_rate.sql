with rates as (

    select
        from_currency,
        to_currency,
        rate,
        rate_date,
        row_number() over (partition by from_currency, to_currency order by rate_date desc nulls last) as recency
    from {{ ref('fct_fx_rate') }}
    where rate_type = 'spot' and rate_date <= {{ as_of_date() }}

)

select
    from_currency,
    to_currency,
    rate,
    rate_date
from rates
where recency = 1
