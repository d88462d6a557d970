{# A value as text; dates come out as ISO dates on every engine. #}
{% macro as_text(expression) -%} cast({{ expression }} as {{ dbt.type_string() }}) {%- endmacro %}

{# Money as text with its currency, for sentences. #}
{% macro money_text(amount, currency) -%}
    (coalesce({{ as_text('cast(' ~ amount ~ ' as decimal(18, 2))') }}, 'an unknown amount') || ' ' || coalesce({{ currency }}, ''))
{%- endmacro %}

{# yyyy-mm of a date. #}
{% macro month_text(a_date) -%} substr({{ as_text(a_date) }}, 1, 7) {%- endmacro %}

{# A JSON string literal; null becomes null. #}
{% macro json_text(expression) -%}
    coalesce('"' || replace(replace({{ expression }}, '\', '\\'), '"', '\"') || '"', 'null')
{%- endmacro %}
