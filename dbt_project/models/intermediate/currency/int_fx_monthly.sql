with consolidated as (
    select
        from_entities.functional_currency as from_currency,
        to_entities.functional_currency as to_currency,
        {{ month_start('periods.period_start') }} as rate_date,
        rates.average_rate,
        rates.current_rate,
        row_number() over (
            partition by from_entities.functional_currency, to_entities.functional_currency, periods.period_start
            order by rates.instance, rates.from_subsidiary_id, rates.consolidated_rate_id
        ) as preference
    from {{ ref('stg_netsuite__consolidated_rates') }} as rates
    inner join {{ ref('stg_netsuite__accounting_periods') }} as periods
        on rates.instance = periods.instance
        and rates.period_id = periods.period_id
    inner join {{ ref('int_erp_entities') }} as from_entities
        on rates.instance = from_entities.instance
        and rates.from_subsidiary_id = from_entities.subsidiary_id
    inner join {{ ref('int_erp_entities') }} as to_entities
        on rates.instance = to_entities.instance
        and rates.to_subsidiary_id = to_entities.subsidiary_id
    where from_entities.functional_currency <> to_entities.functional_currency
        and not coalesce(periods.is_quarter, false)
        and not coalesce(periods.is_year, false)
),

published as (
    select
        from_currency,
        to_currency,
        {{ month_start('published_on') }} as rate_date,
        rate,
        published_on,
        row_number() over (
            partition by from_currency, to_currency, {{ month_start('published_on') }}
            order by published_on desc
        ) as from_last
    from {{ ref('int_fx_published') }}
),

computed as (
    select
        from_currency,
        to_currency,
        rate_date,
        {{ ratio('sum(rate)', 'count(*)') }} as average_rate,
        max(case when from_last = 1 then rate end) as closing_rate,
        max(published_on) as published_on
    from published
    group by from_currency, to_currency, rate_date
)

select
    coalesce(consolidated.from_currency, computed.from_currency) as from_currency,
    coalesce(consolidated.to_currency, computed.to_currency) as to_currency,
    coalesce(consolidated.rate_date, computed.rate_date) as rate_date,
    cast(coalesce(consolidated.average_rate, computed.average_rate) as decimal(18, 8)) as average_rate,
    cast(coalesce(consolidated.current_rate, computed.closing_rate) as decimal(18, 8)) as closing_rate,
    case when consolidated.average_rate is null then 'computed_average' else 'consolidated_rate' end as average_source,
    case when consolidated.current_rate is null then 'currency_rate' else 'consolidated_rate' end as closing_source,
    computed.published_on
from (select * from consolidated where preference = 1) as consolidated
full outer join computed
    on consolidated.from_currency = computed.from_currency
    and consolidated.to_currency = computed.to_currency
    and consolidated.rate_date = computed.rate_date
