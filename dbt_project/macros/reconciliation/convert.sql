{# An amount times a rate; the product of two 18-digit decimals needs more room than DuckDB gives it by itself. #}
{% macro converted(amount, rate) -%} (cast({{ amount }} as decimal(28, 4)) * cast({{ rate }} as decimal(28, 8))) {%- endmacro %}
