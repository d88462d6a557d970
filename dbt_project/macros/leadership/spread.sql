{#
  An amount spread over rows by weight. `part_of` is the rounded part of one row; `with_remainder` gives the last row of
  the partition what rounding left over, so that the parts add up to the amount.
#}
{% macro part_of(amount, weight, total, currency) -%}
{{ round_money(product(amount, ratio(weight, total)), currency) }}
{%- endmacro %}

{% macro with_remainder(amount, part, is_last, partition) -%}
cast(
    case when {{ is_last }} then {{ amount }} - sum({{ part }}) over (partition by {{ partition }}) + {{ part }} else {{ part }} end
    as decimal(18, 4)
)
{%- endmacro %}
