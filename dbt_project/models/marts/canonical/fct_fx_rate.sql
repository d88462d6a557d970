with spot as (
    select * from {{ ref('int_fx_spot_daily') }}
),

monthly as (
    select * from {{ ref('int_fx_monthly') }}
),

currencies as (
    select currency from {{ ref('stg_netsuite__currencies') }}
    union
    select functional_currency from {{ ref('stg_config__legal_entities') }}
),

-- identity rates reach back to the calendar's start, so a home-currency amount never lacks a rate
days as (
    select distinct calendar_date from {{ ref('dim_calendar_day') }}
    where calendar_date <= {{ as_of_date() }}
),

months as (
    select distinct {{ month_start('calendar_date') }} as rate_date from days
),

monthly_types as (
    select 'average' as rate_type
    union all
    select 'closing' as rate_type
)

select
    from_currency,
    to_currency,
    'spot' as rate_type,
    rate_date,
    rate,
    published_on,
    'currency_rate' as source
from spot
union all
select
    from_currency,
    to_currency,
    'average' as rate_type,
    rate_date,
    average_rate as rate,
    cast(null as date) as published_on,
    average_source as source
from monthly
union all
select
    from_currency,
    to_currency,
    'closing' as rate_type,
    rate_date,
    closing_rate as rate,
    published_on,
    closing_source as source
from monthly
union all
select
    currencies.currency as from_currency,
    currencies.currency as to_currency,
    'spot' as rate_type,
    days.calendar_date as rate_date,
    cast(1 as decimal(18, 8)) as rate,
    days.calendar_date as published_on,
    'identity' as source
from currencies
cross join days
union all
select
    currencies.currency as from_currency,
    currencies.currency as to_currency,
    monthly_types.rate_type,
    months.rate_date,
    cast(1 as decimal(18, 8)) as rate,
    cast(null as date) as published_on,
    'identity' as source
from currencies
cross join months
cross join monthly_types
