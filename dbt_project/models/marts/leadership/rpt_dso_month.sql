-- Days sales outstanding by company and for the group. The quarter behind each month end is what receivables and unbilled
-- work are held against; counting back takes whole months of billing off the balance, then the share of the next.
with scoped as (

    {% for entity in ['legal_entity_id', 'cast(null as ' ~ dbt.type_string() ~ ')'] %}
    select
        {{ entity }} as legal_entity_id,
        {{ 'false' if loop.first else 'true' }} as is_group,
        month,
        sum(open_rc) as open_rc,
        sum(overdue_rc) as overdue_rc,
        sum(billed_rc) as billed_rc
    from {{ ref('rpt_receivables_month') }}
    group by month{{ ', legal_entity_id' if loop.first }}
    {{ 'union all' if loop.first }}
    {% endfor %}

),

months as (

    select month, month_end from {{ ref('rpt_month') }} where months_back <= 13 and not is_open_month

),

positions as (

    {% for entity in ['legal_entity_id', 'cast(null as ' ~ dbt.type_string() ~ ')'] %}
    select
        {{ entity }} as legal_entity_id,
        {{ 'false' if loop.first else 'true' }} as is_group,
        month,
        sum(unbilled_rc) as unbilled_rc
    from {{ ref('rpt_unbilled_month') }}
    group by month{{ ', legal_entity_id' if loop.first }}
    {{ 'union all' if loop.first }}
    {% endfor %}

),

earned as (

    {% for entity in ['revenue.legal_entity_id', 'cast(null as ' ~ dbt.type_string() ~ ')'] %}
    select
        {{ entity }} as legal_entity_id,
        {{ 'false' if loop.first else 'true' }} as is_group,
        months.month,
        sum(revenue.revenue_rc) as revenue_rc
    from months
    inner join {{ ref('rpt_revenue_month') }} as revenue
        on revenue.month <= months.month and {{ days('revenue.month', 'months.month') }} < 70
    group by months.month{{ ', revenue.legal_entity_id' if loop.first }}
    {{ 'union all' if loop.first }}
    {% endfor %}

),

-- every month end with the months of billing up to it, youngest first
billed as (

    select
        scoped.legal_entity_id,
        scoped.is_group,
        scoped.month,
        scoped.open_rc,
        scoped.overdue_rc,
        months.month_end,
        earlier.month as billed_month,
        earlier.billed_rc,
        {{ days('earlier.month', month_end('earlier.month')) }} + 1 as month_days,
        {{ days('earlier.month', 'scoped.month') }} < 70 as is_in_quarter,
        scoped.open_rc - sum(earlier.billed_rc) over (
            partition by scoped.is_group, scoped.legal_entity_id, scoped.month
            order by earlier.month desc
            rows between unbounded preceding and current row
        ) + earlier.billed_rc as still_open_rc
    from months
    inner join scoped
        on months.month = scoped.month
    inner join scoped as earlier
        on scoped.is_group = earlier.is_group
        and coalesce(scoped.legal_entity_id, '') = coalesce(earlier.legal_entity_id, '')
        and scoped.month >= earlier.month

),

measured as (

    select
        legal_entity_id,
        is_group,
        month,
        max(open_rc) as open_rc,
        max(overdue_rc) as overdue_rc,
        sum(case when is_in_quarter then billed_rc end) as billed_rc,
        sum(case when is_in_quarter then month_days end) as period_days,
        sum(
            case
                when still_open_rc <= 0 then 0
                when billed_rc <= still_open_rc then month_days
                else {{ ratio(product('still_open_rc', 'month_days'), 'billed_rc') }}
            end
        ) as countback_days,
        min(still_open_rc - billed_rc) as uncovered_rc
    from billed
    group by legal_entity_id, is_group, month

),

complete as (

    select
        measured.*,
        positions.unbilled_rc,
        earned.revenue_rc
    from measured
    left join positions
        on measured.is_group = positions.is_group
        and coalesce(measured.legal_entity_id, '') = coalesce(positions.legal_entity_id, '')
        and measured.month = positions.month
    left join earned
        on measured.is_group = earned.is_group
        and coalesce(measured.legal_entity_id, '') = coalesce(earned.legal_entity_id, '')
        and measured.month = earned.month

)

select
    legal_entity_id,
    is_group,
    month,
    cast(open_rc as decimal(18, 4)) as open_rc,
    cast(overdue_rc as decimal(18, 4)) as overdue_rc,
    cast(billed_rc as decimal(18, 4)) as billed_rc,
    cast(unbilled_rc as decimal(18, 4)) as unbilled_rc,
    cast(revenue_rc as decimal(18, 4)) as revenue_rc,
    cast(period_days as bigint) as period_days,
    -- a balance older than the history has no answer
    cast(case when uncovered_rc <= 0 then countback_days end as decimal(18, 8)) as dso_countback,
    {{ metric_ratio('dso_simple.v1', 'complete') }} as dso_simple,
    {{ metric_ratio('dso_best_possible.v1', 'complete') }} as dso_best_possible,
    {{ metric_ratio('days_delinquent.v1', 'complete') }} as days_delinquent,
    {{ metric_ratio('wip_days.v1', 'complete') }} as wip_days,
    cast({{ metric_ratio('dso_simple.v1', 'complete') }} + {{ metric_ratio('wip_days.v1', 'complete') }} as decimal(18, 8)) as lock_up_days
from complete
