with periods as (
    select
        entities.legal_entity_id,
        {{ month_start('periods.period_start') }} as period_start,
        max(periods.period_end) as period_end,
        bool_and(coalesce(periods.is_closed, false)) as is_closed,
        bool_or(coalesce(periods.is_ar_locked, false) or coalesce(periods.is_all_locked, false)) as is_locked
    from {{ ref('stg_netsuite__accounting_periods') }} as periods
    inner join {{ ref('int_erp_entities') }} as entities
        on periods.instance = entities.instance
    where entities.legal_entity_id is not null
        and not coalesce(periods.is_quarter, false)
        and not coalesce(periods.is_year, false)
        and not coalesce(periods.is_adjustment, false)
    group by entities.legal_entity_id, {{ month_start('periods.period_start') }}
),

months as (
    select
        periods.*,
        entities.fiscal_year_start_month as first_month,
        cast(extract(year from periods.period_start) as bigint) as calendar_year,
        cast(extract(month from periods.period_start) as bigint) as calendar_month
    from periods
    inner join {{ ref('dim_legal_entity') }} as entities
        on periods.legal_entity_id = entities.legal_entity_id
)

select
    legal_entity_id,
    period_start,
    period_end,
    case
        when first_month > 1 and calendar_month >= first_month then calendar_year + 1
        else calendar_year
    end as fiscal_year,
    (calendar_month - first_month + 12) % 12 + 1 as fiscal_period,
    is_closed,
    case when is_closed then 'closed' when is_locked then 'soft_closed' else 'open' end as period_status
from months
