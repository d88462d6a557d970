{#
  Figures of a project at a month end, each as money in the project's currency. Loss: all of it counts at once; the part
  that progress has not shown yet is the provision. Revenue of the month is what the method adds to the month before, so a
  changed estimate catches up in the month it was made and closed months stay.
#}
{% macro project_figures() -%}
{%- set lag_of = "coalesce(lag({0}) over (partition by project_id order by month), 0)" -%}
{%- for name, expression in [
    ('price', 'price'),
    ('original_budget_cost', 'original_budget_cost'),
    ('budget_cost', 'budget_cost'),
    ('cost_to_date', 'cost_to_date'),
    ('cost_to_complete', 'cost_to_complete'),
    ('cost_at_completion', 'cost_at_completion'),
    ('cost_at_completion_by_cpi', round_money(ratio(product('budget_cost', 'cost_to_date'), 'earned_value'), 'currency')),
    ('earned_value', 'earned_value'),
    ('cost_variance', 'earned_value - cost_to_date'),
    ('variance_at_completion', 'budget_cost - cost_at_completion'),
    ('recognised_to_date', 'recognised_to_date'),
    ('poc_cost_to_date', 'poc_cost_to_date'),
    ('poc_cost_revenue', 'poc_cost_to_date - ' ~ lag_of.format('poc_cost_to_date')),
    ('poc_cost_overstated', 'poc_original_to_date - poc_cost_to_date'),
    ('poc_hours_to_date', 'poc_hours_to_date'),
    ('poc_hours_revenue', 'poc_hours_to_date - ' ~ lag_of.format('poc_hours_to_date')),
    ('loss_at_completion', 'loss_at_completion'),
    ('loss_provision', 'loss_provision')
] %}
    cast({{ expression }} as decimal(18, 4)) as {{ name }},
{%- endfor %}
    cast(fraction_complete as decimal(18, 8)) as fraction_complete,
    cast(cost_progress as decimal(18, 8)) as cost_progress,
    estimated_on
{%- endmacro %}
