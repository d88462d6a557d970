with months as (

    select month, month_end, months_back from {{ ref('rpt_month') }} where months_back <= 12 and not is_open_month

),

utilization as (

    select
        month,
        {{ ratio('sum(billable_hours)', 'sum(net_hours)') }} as value,
        {{ ratio('sum(net_hours * target)', 'sum(case when target is not null then net_hours end)') }} as comparison_value
    from {{ ref('rpt_utilization_month') }}
    group by month

),

revenue as (

    select
        month,
        sum(revenue_rc) as value,
        sum(plan_rc) as comparison_value
    from {{ ref('rpt_revenue_month') }}
    group by month

),

at_risk as (

    select
        months.month,
        sum(findings.amount_at_risk_rc) as value
    from months
    inner join {{ ref('fct_findings') }} as findings
        on findings.occurred_on <= months.month_end and findings.is_primary_cause
    group by months.month

),

receivables as (

    select month, open_rc, overdue_rc, dso_simple from {{ ref('rpt_dso_month') }} where is_group

),

unbilled as (

    select month, sum(unbilled_rc) as value from {{ ref('rpt_unbilled_month') }} group by month

),

series as (

    select
        'util_net' as metric_id,
        month,
        cast(value as decimal(28, 8)) as value,
        cast(comparison_value as decimal(28, 8)) as comparison_value
    from utilization
    union all
    select
        'revenue_rc' as metric_id,
        month,
        cast(value as decimal(28, 8)) as value,
        cast(comparison_value as decimal(28, 8)) as comparison_value
    from revenue
    union all
    select
        'unbilled_rc' as metric_id,
        month,
        cast(value as decimal(28, 8)) as value,
        cast(null as decimal(28, 8)) as comparison_value
    from unbilled
    union all
    select
        'money_at_risk_rc' as metric_id,
        month,
        cast(value as decimal(28, 8)) as value,
        cast(null as decimal(28, 8)) as comparison_value
    from at_risk
    union all
    select
        'open_ar_rc' as metric_id,
        month,
        cast(open_rc as decimal(28, 8)) as value,
        cast(null as decimal(28, 8)) as comparison_value
    from receivables
    union all
    select
        'overdue_ar_rc' as metric_id,
        month,
        cast(overdue_rc as decimal(28, 8)) as value,
        cast(null as decimal(28, 8)) as comparison_value
    from receivables
    union all
    select
        'dso_simple' as metric_id,
        month,
        cast(dso_simple as decimal(28, 8)) as value,
        cast(null as decimal(28, 8)) as comparison_value
    from receivables

)

select
    series.metric_id,
    series.month,
    series.value,
    series.comparison_value,
    cast(months.months_back as bigint) as months_back
from series
inner join months
    on series.month = months.month
