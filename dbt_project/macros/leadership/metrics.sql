{#
  The one place where metrics are defined: rpt_ models take their ratios from here and rpt_metric_month sums by it.
  A metric is numerator over denominator, summed each before they are divided; without a denominator it is the sum.
  A change of basis is a new version under a new id, never an edit. `rows` in an expression is the relation it is
  computed from. Fields: id, name, unit, model, numerator, denominator, section of the definitions (docs/metrics.md).
  Units: ratio, hours, days, months, number; currency is the reporting currency, functional the company's own. What cannot be added up over companies
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

    ['revenue_recognised.v1', 'Revenue recognised', 'currency', 'rpt_revenue_project', 'rows.revenue_rc', none, 'Revenue recognition'],
    ['revenue_right_to_invoice.v1', 'Revenue by right to invoice (time and materials)', 'currency', 'rpt_revenue_project', "case when rows.method = 'right_to_invoice' then rows.revenue_rc end", none, 'Revenue recognition'],
    ['revenue_poc_hours.v1', 'Revenue by percentage of completion, hours', 'currency', 'rpt_revenue_project', "case when rows.method = 'percentage_of_completion_by_hours' then rows.revenue_rc end", none, 'Revenue recognition'],
    ['revenue_milestones.v1', 'Revenue by accepted milestones', 'currency', 'rpt_revenue_project', "case when rows.method = 'milestones_accepted' then rows.revenue_rc end", none, 'Revenue recognition'],
    ['revenue_straight_line.v1', 'Revenue by the days of the term', 'currency', 'rpt_revenue_project', "case when rows.method = 'straight_line' then rows.revenue_rc end", none, 'Revenue recognition'],
    ['revenue_poc_cost.v1', 'Revenue of fixed prices by percentage of completion, cost: a check', 'currency', 'rpt_project_position', "case when rows.contract_type in ('fixed_fee', 'milestone') then " ~ product('rows.poc_cost_revenue', 'rows.rate_rc') ~ " end", none, 'Revenue recognition'],
    ['loss_provision.v1', 'Provision for losses of fixed-price contracts', 'currency', 'rpt_project_position', "case when rows.contract_type in ('fixed_fee', 'milestone') then " ~ product('rows.loss_provision', 'rows.rate_rc') ~ " end", none, 'Revenue recognition'],

    ['bookings.v1', 'Signed contracts, own services, by day of signature', 'currency', 'rpt_backlog_month', 'rows.bookings_rc', none, 'Sales to delivery'],
    ['bookings_renewals.v1', 'Renewals won, shown apart', 'currency', 'rpt_backlog_month', 'rows.renewals_rc', none, 'Sales to delivery'],
    ['backlog.v1', 'Signed and not yet delivered, at the month end', 'currency', 'rpt_backlog_month', 'rows.closing_backlog_rc', none, 'Sales to delivery'],
    ['backlog_soft.v1', 'Part of backlog that is an estimate (time and materials)', 'currency', 'rpt_backlog_month', 'case when rows.is_soft then rows.closing_backlog_rc end', none, 'Sales to delivery'],
    ['book_to_bill_revenue.v1', 'Bookings and net changes on revenue, last three months', 'ratio', 'rpt_backlog_month', 'rows.bookings_quarter_rc + rows.net_changes_quarter_rc', 'rows.revenue_quarter_rc', 'Sales to delivery'],
    ['book_to_bill_invoiced.v1', 'Bookings and net changes on invoices, last three months', 'ratio', 'rpt_backlog_month', 'rows.bookings_quarter_rc + rows.net_changes_quarter_rc', 'rows.invoiced_quarter_rc', 'Sales to delivery'],
    ['backlog_coverage.v1', 'Backlog on average monthly revenue of the last three months', 'months', 'rpt_backlog_month', 'rows.closing_backlog_rc * 3', 'rows.revenue_quarter_rc', 'Sales to delivery'],

    ['margin_net.v1', 'Project gross margin on revenue without pass-through', 'ratio', 'rpt_project_month', 'case when not rows.is_revenue_unknown then coalesce(rows.revenue_rc, 0) - coalesce(rows.pass_through_rc, 0) - coalesce(rows.labour_cost_rc, 0) - coalesce(rows.subcontract_cost_rc, 0) - coalesce(rows.expense_cost_rc, 0) end', 'case when not rows.is_revenue_unknown then coalesce(rows.revenue_rc, 0) - coalesce(rows.pass_through_rc, 0) end', 'Project economics'],
    ['margin_with_pass_through.v1', 'Project gross margin with pass-through in revenue and cost', 'ratio', 'rpt_project_month', 'case when not rows.is_revenue_unknown then coalesce(rows.revenue_rc, 0) - coalesce(rows.pass_through_rc, 0) - coalesce(rows.labour_cost_rc, 0) - coalesce(rows.subcontract_cost_rc, 0) - coalesce(rows.expense_cost_rc, 0) end', 'case when not rows.is_revenue_unknown then coalesce(rows.revenue_rc, 0) end', 'Project economics'],
    ['realization_fixed_price.v1', 'Revenue of fixed prices against the list value of the hours spent', 'ratio', 'rpt_project_month', "case when rows.contract_type in ('fixed_fee', 'milestone') then rows.revenue_rc end", "case when rows.contract_type in ('fixed_fee', 'milestone') then rows.standard_value_rc end", 'Rates and realization'],
    ['cost_variance.v1', 'Earned value less actual cost', 'currency', 'rpt_project_position', product('rows.earned_value - rows.cost_to_date', 'rows.rate_rc'), none, 'Project economics'],
    ['cpi.v1', 'Cost performance index: earned value on actual cost', 'ratio', 'rpt_project_position', product('rows.earned_value', 'rows.rate_rc'), 'case when rows.earned_value is not null then ' ~ product('rows.cost_to_date', 'rows.rate_rc') ~ ' end', 'Project economics'],
    ['tcpi.v1', 'To-complete performance index on the budget', 'ratio', 'rpt_project_position', product('rows.budget_cost - rows.earned_value', 'rows.rate_rc'), 'case when rows.earned_value is not null then ' ~ product('rows.budget_cost - rows.cost_to_date', 'rows.rate_rc') ~ ' end', 'Project economics'],
    ['eac_bottom_up.v1', 'Estimate at completion: cost to date and estimate to complete', 'currency', 'rpt_project_position', product('rows.cost_at_completion', 'rows.rate_rc'), none, 'Project economics'],
    ['eac_cpi.v1', 'Estimate at completion by cost performance', 'currency', 'rpt_project_position', product('rows.cost_at_completion_by_cpi', 'rows.rate_rc'), none, 'Project economics'],
    ['eac_variance.v1', 'Estimate at completion over budget', 'ratio', 'rpt_project_position', product('rows.cost_at_completion - rows.budget_cost', 'rows.rate_rc'), 'case when rows.cost_at_completion is not null then ' ~ product('rows.budget_cost', 'rows.rate_rc') ~ ' end', 'Project economics'],
    ['variance_at_completion.v1', 'Budget less estimate at completion', 'currency', 'rpt_project_position', product('rows.budget_cost - rows.cost_at_completion', 'rows.rate_rc'), none, 'Project economics'],
    ['milestones_on_time_baseline.v1', 'Milestones accepted by their first baseline date', 'ratio', 'rpt_milestone_delivery', "case when rows.due_basis = 'first_baseline' and rows.is_on_time then 1 when rows.due_basis = 'first_baseline' then 0 end", "case when rows.due_basis = 'first_baseline' then 1 end", 'Project economics'],
    ['milestones_on_time_replanned.v1', 'Milestones accepted by their re-planned date', 'ratio', 'rpt_milestone_delivery', "case when rows.due_basis = 'replanned' and rows.is_on_time then 1 when rows.due_basis = 'replanned' then 0 end", "case when rows.due_basis = 'replanned' then 1 end", 'Project economics'],
    ['revenue_leakage.v1', 'Value delivered and not billed, or billed too low, on potential revenue', 'ratio', 'rpt_leakage_month', 'rows.leakage_rc', 'rows.potential_rc', 'Project economics'],
    ['unbilled_timing.v1', 'Unbilled work inside the agreed days', 'currency', 'rpt_leakage_month', 'rows.timing_rc', none, 'Project economics'],
    ['forecast_wape.v1', 'Weighted absolute error of the frozen revenue forecast, over forecast', 'ratio', 'rpt_forecast_month', 'rows.absolute_error_rc', 'rows.forecast_rc', 'Project economics'],
    ['forecast_wape_actual.v1', 'Weighted absolute error of the frozen revenue forecast, over actual', 'ratio', 'rpt_forecast_month', 'rows.absolute_error_rc', 'rows.actual_rc', 'Project economics'],
    ['forecast_bias.v1', 'Bias of the frozen revenue forecast: actual less forecast, over forecast', 'ratio', 'rpt_forecast_month', 'rows.actual_rc - rows.forecast_rc', 'rows.forecast_rc', 'Project economics'],
    ['forecast_mape.v1', 'Mean of relative errors over forecasts; small projects weigh like large ones', 'ratio', 'rpt_forecast_month', 'rows.relative_error', 'case when rows.relative_error is not null then 1 end', 'Project economics'],
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
    ['close_days.v1', 'Business days from period end to the last journal, summed over periods', 'days', 'rpt_close_month', 'rows.close_days', 'case when rows.close_days is not null then 1 end', 'Billing, cash, close'],
    ['unsubmitted_time.v1', 'Hours not handed in by the last full week, on hours expected', 'ratio', 'rpt_timesheet_month', 'rows.unsubmitted_hours', 'rows.expected_hours', 'Billing, cash, close'],

    ['exchange_result_unrealised.v1', 'Unrealised exchange difference of receivables, company currency', 'functional', 'rpt_exchange_result', 'rows.unrealised_fc', none, 'Currency'],
    ['exchange_result_realised.v1', 'Realised exchange difference of receivables, company currency', 'functional', 'rpt_exchange_result', 'rows.realised_fc', none, 'Currency'],

    ['hours_for_others.v1', 'Approved hours on contracts of another company', 'hours', 'rpt_intercompany_month', 'rows.hours', none, 'Multi-entity and intercompany'],
    ['intercompany_charge.v1', 'Transfer price of those hours', 'currency', 'rpt_intercompany_month', 'rows.charge_rc', none, 'Multi-entity and intercompany'],
    ['intercompany_group_margin.v1', 'Margin of the group on those hours', 'currency', 'rpt_intercompany_month', 'rows.group_margin_rc', none, 'Multi-entity and intercompany'],

    ['setup_days.v1', 'Days from a won deal to a project that takes time', 'days', 'rpt_return_month', 'rows.setup_days', 'rows.setups', 'Return on investment'],
    ['corrections_avoided.v1', 'Corrections nobody had to key in', 'number', 'rpt_return_month', 'rows.corrections', none, 'Return on investment'],
    ['corrections_automatic.v1', 'Part of them that nobody had to approve', 'ratio', 'rpt_return_month', 'rows.automatic_corrections', 'rows.corrections', 'Return on investment'],
    ['integration_incidents.v1', 'Reads of a system that failed', 'number', 'rpt_return_month', 'rows.failed_reads', none, 'Return on investment'],
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
