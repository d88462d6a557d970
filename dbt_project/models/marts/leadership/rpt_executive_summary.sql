{% set metrics = [
    ('util_net', 'Billable utilization (billable / net available hours)', 'target', 'ratio', 4),
    ('revenue_rc', 'Revenue recognised', 'plan', 'currency', 2),
    ('unbilled_rc', 'Unbilled work at month end', 'month before', 'currency', 2),
    ('money_at_risk_rc', 'Money at risk in open findings', 'already open at the last month end', 'currency', 2),
    ('open_ar_rc', 'Open receivables at month end', 'month before', 'currency', 2),
    ('overdue_ar_rc', 'Overdue receivables at month end', 'month before', 'currency', 2),
    ('dso_simple', 'DSO (simple, last three months)', 'month before', 'days', 1),
] %}
with metrics as (

    {% for id, name, label, unit, digits in metrics %}
    select
        {{ loop.index }} as metric_order,
        '{{ id }}' as metric_id,
        '{{ name }}' as metric_name,
        '{{ label }}' as comparison_label,
        '{{ unit }}' as unit
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

points as (

    select
        metric_id,
        month,
        months_back,
        value,
        comparison_value,
        lag(value) over (partition by metric_id order by month) as value_before
    from {{ ref('rpt_executive_month') }}

),

trends as (

    select
        metric_id,
        '[' || {{ listagg(
            "'{\"period\":\"' || " ~ month_text('month') ~ " || '\",\"value\":' || coalesce(" ~ as_text('value') ~ ", 'null') || '}'", ',', 'month'
        ) }} || ']' as trend_json
    from points
    group by metric_id

),

open_now as (

    select cast(sum(case when is_primary_cause then amount_at_risk_rc end) as decimal(28, 8)) as value
    from {{ ref('fct_findings') }}

),

last_closed as (

    select month from {{ ref('rpt_month') }} where months_back = 1 and not is_open_month

),

firm as (

    select distinct reporting_currency from {{ ref('rec_check_setting') }}

)

select
    metrics.metric_id,
    metrics.metric_name,
    case
        when metrics.metric_id = 'money_at_risk_rc' then {{ as_text(as_of_date()) }}
        else {{ month_text('last_closed.month') }}
    end as period,
    cast(case when metrics.metric_id = 'money_at_risk_rc' then open_now.value else points.value end as decimal(28, 8)) as value,
    cast(
        case
            when metrics.metric_id = 'money_at_risk_rc' then points.value
            when metrics.comparison_label = 'month before' then points.value_before
            else points.comparison_value
        end as decimal(28, 8)
    ) as comparison_value,
    metrics.comparison_label,
    case when metrics.unit = 'currency' then firm.reporting_currency else metrics.unit end as unit,
    coalesce(trends.trend_json, '[]') as trend_json,
    cast(metrics.metric_order as bigint) as metric_order,
    'The open month ' || {{ month_text(as_of_date()) }} || ' is left out' as note
from metrics
cross join last_closed
cross join open_now
cross join firm
left join points
    on metrics.metric_id = points.metric_id and points.months_back = 1
left join trends
    on metrics.metric_id = trends.metric_id
