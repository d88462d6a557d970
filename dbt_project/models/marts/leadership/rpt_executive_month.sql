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

billed as (

    select
        {{ month_start('invoices.invoice_date') }} as month,
        sum(cast({{ converted('invoices.gross_amount', 'rates.rate') }} as decimal(18, 4))) as gross_rc
    from {{ ref('fct_invoice') }} as invoices
    inner join {{ ref('fct_fx_rate') }} as rates
        on invoices.currency = rates.from_currency
        and rates.rate_date = {{ month_start('invoices.invoice_date') }}
        and rates.rate_type = 'average'
    cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
    where invoices.invoice_status in ('open', 'paid') and rates.to_currency = firm.reporting_currency
    group by {{ month_start('invoices.invoice_date') }}

),

-- receivables at the end over what the last three months billed, times their days
dso as (

    select
        months.month,
        {{ ratio(
            'cast(max(receivables.open_rc) as decimal(18, 4)) * (' ~ days('min(billed.month)', 'max(months.month_end)') ~ ' + 1)',
            'sum(billed.gross_rc)'
        ) }} as value
    from months
    inner join {{ ref('rpt_receivables_month') }} as receivables
        on months.month = receivables.month
    inner join billed
        on billed.month <= months.month and {{ days('billed.month', 'months.month') }} < 70
    group by months.month

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
        cast(unbilled_rc as decimal(28, 8)) as value,
        cast(null as decimal(28, 8)) as comparison_value
    from {{ ref('rpt_unbilled_month') }}
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
    from {{ ref('rpt_receivables_month') }}
    union all
    select
        'overdue_ar_rc' as metric_id,
        month,
        cast(overdue_rc as decimal(28, 8)) as value,
        cast(null as decimal(28, 8)) as comparison_value
    from {{ ref('rpt_receivables_month') }}
    union all
    select
        'dso_simple' as metric_id,
        month,
        cast(value as decimal(28, 8)) as value,
        cast(null as decimal(28, 8)) as comparison_value
    from dso

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
