{# A value as text; dates come out as ISO dates on every engine. #}
{% macro as_text(expression) -%} cast({{ expression }} as {{ dbt.type_string() }}) {%- endmacro %}

{# A number for sentences, rounded to some decimals and with thousands separators: 1,234.50. #}
{% macro number_text(number, decimals=0) -%}
    {%- set rounded = 'cast(' ~ number ~ ' as decimal(18, ' ~ decimals ~ '))' -%}
    (
        case when {{ rounded }} < 0 then '-' else '' end
        || {{ grouped('floor(abs(' ~ rounded ~ '))') }}
        {% if decimals %}|| right({{ as_text(rounded) }}, {{ decimals + 1 }}){% endif %}
    )
{%- endmacro %}

{# Money for sentences, in the decimals of its currency: 1,234.50 USD, 1,235 JPY. #}
{% macro money_text(amount, currency) %}{{ return(adapter.dispatch('money_text')(amount, currency)) }}{% endmacro %}
{% macro default__money_text(amount, currency) -%}
    (
        coalesce(
            case {{ minor_units(currency) }}
                when 0 then {{ number_text(amount, 0) }}
                when 3 then {{ number_text(amount, 3) }}
                else {{ number_text(amount, 2) }}
            end,
            'an unknown amount'
        ) || coalesce(' ' || {{ currency }}, '')
    )
{%- endmacro %}

{# Hours for sentences: 1,234.50 hours. #}
{% macro hours_text(hours) -%} ({{ number_text(hours, 2) }} || ' hours') {%- endmacro %}

{# yyyy-mm of a date. #}
{% macro month_text(a_date) -%} substr({{ as_text(a_date) }}, 1, 7) {%- endmacro %}

{# A JSON string literal; null becomes null. #}
{% macro json_text(expression) -%}
    coalesce('"' || replace(replace({{ expression }}, '\', '\\'), '"', '\"') || '"', 'null')
{%- endmacro %}

{# Whether two values differ, where two missing ones are equal. #}
{% macro differs(left_value, right_value) -%}
    (not coalesce({{ left_value }} = {{ right_value }}, {{ left_value }} is null and {{ right_value }} is null))
{%- endmacro %}
