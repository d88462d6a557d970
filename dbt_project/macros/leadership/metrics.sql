{#
  The one place where metrics are defined: rpt_ models take their ratios from here and rpt_metric_month sums by it.
  A metric is numerator over denominator, summed each before they are divided; without a denominator it is the sum.
  A change of basis is a new version under a new id, never an edit. `rows` in an expression is the relation it is
  computed from. Fields: id, name, unit, model, numerator, denominator, section of the definitions (docs/metrics.md).
  Units: ratio, hours, days, months, number; currency is the reporting currency. What cannot be added up over companies
  (counted-back days) has a row of its own for the group in its model, with no company.
#}
{% macro metrics() %}
{{ return([
    ['util_net.v1', 'Billable utilization on net available hours', 'ratio', 'rpt_utilization_month', 'rows.billable_hours', 'rows.net_hours', 'Capacity and utilization'],
    ['util_gross.v1', 'Billable utilization on gross capacity', 'ratio', 'rpt_utilization_month', 'rows.billable_hours', 'rows.gross_hours', 'Capacity and utilization'],
    ['util_standard.v1', 'Billable utilization on standard hours (2,080 a year)', 'ratio', 'rpt_utilization_month', 'rows.billable_hours', 'rows.standard_hours', 'Capacity and utilization'],
    ['util_logged.v1', 'Billable utilization on logged hours', 'ratio', 'rpt_utilization_month', 'rows.billable_hours', 'rows.logged_hours', 'Capacity and utilization'],
    ['util_productive_net.v1', 'Productive utilization on net available hours', 'ratio', 'rpt_utilization_month', 'rows.productive_hours', 'rows.net_hours', 'Capacity and utilization'],
    ['util_net_attainment.v1', 'Billable hours against the target on net available hours', 'ratio', 'rpt_utilization_month', 'case when rows.target is not null then rows.billable_hours end', 'rows.net_hours * rows.target', 'Capacity and utilization'],

    ['realization_standard.v1', 'Billing realization against list prices', 'ratio', 'rpt_realization_month', 'case when rows.standard_value_rc is not null then rows.invoiced_rc end', 'rows.standard_value_rc', 'Rates and realization'],
    ['realization_contract.v1', 'Billing realization against contracted rates', 'ratio', 'rpt_realization_month', 'case when rows.contract_value_rc is not null then rows.invoiced_rc - rows.discount_rc end', 'rows.contract_value_rc', 'Rates and realization'],
    ['realization_collection.v1', 'Collection realization', 'ratio', 'rpt_realization_month', 'rows.collected_rc', 'rows.invoiced_rc', 'Rates and realization'],
    ['realization_overall.v1', 'Overall realization', 'ratio', 'rpt_realization_month', 'case when rows.standard_value_rc is not null then rows.collected_rc end', 'rows.standard_value_rc', 'Rates and realization'],
    ['bill_rate_effective.v1', 'Effective bill rate per billable hour', 'currency', 'rpt_realization_month', 'rows.invoiced_rc', 'rows.billable_hours', 'Rates and realization'],
    ['bill_rate_total_hour.v1', 'Net fees per logged hour', 'currency', 'rpt_realization_month', 'rows.invoiced_rc', 'rows.logged_hours', 'Rates and realization'],
    ['rate_leakage_gross.v1', 'Bill-rate leakage, shortfalls only', 'ratio', 'rpt_realization_month', 'rows.rate_shortfall_rc', 'rows.card_value_rc', 'Bill-rate leakage'],
    ['rate_leakage_net.v1', 'Bill-rate leakage less surpluses', 'ratio', 'rpt_realization_month', 'rows.rate_shortfall_rc - rows.rate_surplus_rc', 'rows.card_value_rc', 'Bill-rate leakage'],
    ['rate_missing_hours.v1', 'Billable hours without a card rate', 'hours', 'rpt_realization_month', 'rows.hours_without_card_rate', none, 'Bill-rate leakage'],

    ['milestones_on_time_baseline.v1', 'Milestones accepted by their first baseline date', 'ratio', 'rpt_milestone_delivery', "case when rows.due_basis = 'first_baseline' and rows.is_on_time then 1 when rows.due_basis = 'first_baseline' then 0 end", "case when rows.due_basis = 'first_baseline' then 1 end", 'Project economics'],
    ['milestones_on_time_replanned.v1', 'Milestones accepted by their re-planned date', 'ratio', 'rpt_milestone_delivery', "case when rows.due_basis = 'replanned' and rows.is_on_time then 1 when rows.due_basis = 'replanned' then 0 end", "case when rows.due_basis = 'replanned' then 1 end", 'Project economics'],
    ['booking_load_hard.v1', 'Firmly booked on net available hours', 'ratio', 'rpt_overbooking_month', 'rows.hard_hours', 'rows.available_hours', 'Project economics'],
    ['overbooked_hours_hard.v1', 'Hours firmly booked beyond availability, by day', 'hours', 'rpt_overbooking_month', 'rows.hard_excess_hours', none, 'Project economics'],
    ['overbooked_hours_soft.v1', 'Hours tentative bookings add beyond availability, by day', 'hours', 'rpt_overbooking_month', 'rows.soft_excess_hours', none, 'Project economics'],

    ['dso_simple.v1', 'Days sales outstanding on the quarter billed', 'days', 'rpt_dso_month', product('rows.open_rc', 'rows.period_days'), 'rows.billed_rc', 'Billing, cash, close'],
    ['dso_countback.v1', 'Days sales outstanding, counted back', 'days', 'rpt_dso_month', 'rows.dso_countback', none, 'Billing, cash, close'],
    ['dso_best_possible.v1', 'Days sales outstanding if nobody paid late', 'days', 'rpt_dso_month', product('rows.open_rc - rows.overdue_rc', 'rows.period_days'), 'rows.billed_rc', 'Billing, cash, close'],
    ['days_delinquent.v1', 'Average days delinquent', 'days', 'rpt_dso_month', product('rows.overdue_rc', 'rows.period_days'), 'rows.billed_rc', 'Billing, cash, close'],
    ['wip_days.v1', 'Days of unbilled work on the quarter of revenue', 'days', 'rpt_dso_month', product('rows.unbilled_rc', 'rows.period_days'), 'rows.revenue_rc', 'Billing, cash, close'],
    ['lock_up_days.v1', 'Lock-up: receivables and unbilled work', 'days', 'rpt_dso_month', 'rows.lock_up_days', none, 'Billing, cash, close'],
    ['billing_cycle_days.v1', 'Days from work to invoice, weighted by amount', 'days', 'rpt_invoice_cycle', 'rows.amount_days_rc', 'rows.delivered_amount_rc', 'Billing, cash, close'],
    ['dispute_rate_count.v1', 'Disputed invoices by month of issue, by number', 'ratio', 'rpt_invoice_cycle', 'case when rows.was_disputed then 1 else 0 end', '1', 'Billing, cash, close'],
    ['dispute_rate_value.v1', 'Disputed invoices by month of issue, by value', 'ratio', 'rpt_invoice_cycle', 'case when rows.was_disputed then rows.net_amount_rc else 0 end', 'rows.net_amount_rc', 'Billing, cash, close'],
]) }}
{% endmacro %}

{# The definition with that id; an unknown id stops the build. #}
{% macro metric(id) %}
{%- for definition in metrics() if definition[0] == id %}{{ return(definition) }}{% endfor -%}
{{ exceptions.raise_compiler_error("no metric " ~ id ~ " in macros/leadership/metrics.sql") }}
{% endmacro %}

{# Numerator (part 4) or denominator (part 5) of a metric over a relation. #}
{% macro metric_part(definition, part, relation) -%}
{{ (definition[part] or 'null') | replace('rows.', relation ~ '.') }}
{%- endmacro %}

{# Value of a metric in a row of a relation; null when the denominator is zero, never zero. #}
{% macro metric_ratio(id, relation) -%}
{%- set definition = metric(id) -%}
cast({{ ratio(metric_part(definition, 4, relation), metric_part(definition, 5, relation)) }} as decimal(18, 8))
{%- endmacro %}

{# The sums of some measures under their own names. #}
{% macro sums(measures) -%}
{% for measure in measures %}sum({{ measure }}) as {{ measure }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}
