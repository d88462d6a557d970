{#
  Every difference between engines is in this file. A model calls these macros and is otherwise the same text
  on DuckDB, PostgreSQL and Spark. "default" is PostgreSQL and whatever follows the standard.
#}

{# Whole days from one date to another. #}
{% macro days(from_date, to_date) %}{{ return(adapter.dispatch('days')(from_date, to_date)) }}{% endmacro %}
{% macro default__days(from_date, to_date) %}(cast({{ to_date }} as date) - cast({{ from_date }} as date)){% endmacro %}
{% macro duckdb__days(from_date, to_date) %}date_diff('day', cast({{ from_date }} as date), cast({{ to_date }} as date)){% endmacro %}
{% macro spark__days(from_date, to_date) %}datediff(cast({{ to_date }} as date), cast({{ from_date }} as date)){% endmacro %}

{# A date some days later (or earlier when negative); stays a date. #}
{% macro add_days(from_date, number) %}{{ return(adapter.dispatch('add_days')(from_date, number)) }}{% endmacro %}
{% macro default__add_days(from_date, number) %}(cast({{ from_date }} as date) + cast({{ number }} as integer)){% endmacro %}
{% macro spark__add_days(from_date, number) %}date_add(cast({{ from_date }} as date), cast({{ number }} as int)){% endmacro %}

{# First day of the month of a date. #}
{# A moment some hours later. #}
{% macro add_hours(a_moment, number) %}{{ return(adapter.dispatch('add_hours')(a_moment, number)) }}{% endmacro %}
{% macro default__add_hours(a_moment, number) %}({{ a_moment }} + {{ number }} * interval '1 hour'){% endmacro %}
{% macro spark__add_hours(a_moment, number) %}timestampadd(HOUR, {{ number }}, {{ a_moment }}){% endmacro %}

{% macro month_start(a_date) %}cast(date_trunc('month', {{ a_date }}) as date){% endmacro %}

{# Last day of the month of a date. #}
{% macro month_end(a_date) %}{{ return(adapter.dispatch('month_end')(a_date)) }}{% endmacro %}
{% macro default__month_end(a_date) %}cast(date_trunc('month', {{ a_date }}) + interval '1 month' - interval '1 day' as date){% endmacro %}
{% macro spark__month_end(a_date) %}last_day({{ a_date }}){% endmacro %}

{# 1 for Monday up to 7 for Sunday. #}
{% macro iso_weekday(a_date) %}{{ return(adapter.dispatch('iso_weekday')(a_date)) }}{% endmacro %}
{% macro default__iso_weekday(a_date) %}cast(extract(isodow from {{ a_date }}) as integer){% endmacro %}
{% macro spark__iso_weekday(a_date) %}(weekday({{ a_date }}) + 1){% endmacro %}

{# One row per day between two dates, both included, in a column named calendar_date. #}
{% macro date_series(first_day, last_day) %}{{ return(adapter.dispatch('date_series')(first_day, last_day)) }}{% endmacro %}
{% macro default__date_series(first_day, last_day) %}
select cast(day_at as date) as calendar_date
from generate_series(cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval '1 day') as days (day_at)
{% endmacro %}
{% macro spark__date_series(first_day, last_day) %}
select explode(sequence(cast({{ first_day }} as date), cast({{ last_day }} as date))) as calendar_date
{% endmacro %}

{# Quotient as decimal(38, 8), rounded half away from zero; null when the divisor is zero. DuckDB divides decimals as doubles, so it works on scaled integers there. #}
{% macro ratio(numerator, denominator) %}{{ return(adapter.dispatch('ratio')(numerator, denominator)) }}{% endmacro %}
{% macro default__ratio(numerator, denominator) %}
cast(round(cast({{ numerator }} as decimal(28, 8)) / nullif(cast({{ denominator }} as decimal(28, 8)), 0), 8) as decimal(38, 8))
{%- endmacro %}
{% macro duckdb__ratio(numerator, denominator) %}
{%- set n = "cast(cast(" ~ numerator ~ " as decimal(28, 8)) * 100000000 as hugeint)" -%}
{%- set d = "cast(cast(" ~ denominator ~ " as decimal(28, 8)) * 100000000 as hugeint)" -%}
cast(
    cast(
        sign({{ n }}) * sign({{ d }})
        * ((abs({{ n }}) * 200000000 + abs({{ d }})) // nullif(2 * abs({{ d }}), 0))
        as decimal(30, 0)
    ) * cast(0.00000001 as decimal(8, 8)) as decimal(38, 8)
)
{%- endmacro %}

{# A cast that gives null for text which is not of the type. #}
{% macro try_cast(expression, type) %}{{ return(adapter.dispatch('try_cast')(expression, type)) }}{% endmacro %}
{% macro default__try_cast(expression, type) %}try_cast({{ expression }} as {{ type }}){% endmacro %}
{% macro postgres__try_cast(expression, type) %}
case when pg_input_is_valid(cast({{ expression }} as text), '{{ type }}') then cast({{ expression }} as {{ type }}) end
{%- endmacro %}

{# A whole number of at least zero as text with a comma between thousands. #}
{% macro grouped(number) %}{{ return(adapter.dispatch('grouped')(number)) }}{% endmacro %}
{% macro default__grouped(number) %}to_char({{ number }}, 'FM999,999,999,999,999,990'){% endmacro %}
{% macro duckdb__grouped(number) %}format('{:,}', cast({{ number }} as bigint)){% endmacro %}
{% macro spark__grouped(number) %}format_number(cast({{ number }} as bigint), 0){% endmacro %}

{# Every match of a pattern replaced. #}
{% macro replace_all(expression, pattern, replacement) %}{{ return(adapter.dispatch('replace_all')(expression, pattern, replacement)) }}{% endmacro %}
{% macro default__replace_all(expression, pattern, replacement) %}regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g'){% endmacro %}
{% macro spark__replace_all(expression, pattern, replacement) %}regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}'){% endmacro %}

{# Jaro-Winkler likeness of two texts between 0 and 1. An engine without it says so instead of scoring otherwise. #}
{% macro name_similarity(left_text, right_text) %}{{ return(adapter.dispatch('name_similarity')(left_text, right_text)) }}{% endmacro %}
{% macro default__name_similarity(left_text, right_text) %}
{{ exceptions.raise_compiler_error("name_similarity is not implemented for " ~ target.type ~ "; add a dispatched macro in macros/engine.sql") }}
{% endmacro %}
{% macro duckdb__name_similarity(left_text, right_text) %}jaro_winkler_similarity({{ left_text }}, {{ right_text }}){% endmacro %}

{# Moment with time zone, as a type name. #}
{% macro type_moment() %}{{ return(adapter.dispatch('type_moment')()) }}{% endmacro %}
{% macro default__type_moment() %}timestamp with time zone{% endmacro %}
{% macro spark__type_moment() %}timestamp{% endmacro %}

{# Ordered list of texts joined by a separator. #}
{% macro listagg(expression, separator, order_by) %}{{ return(adapter.dispatch('listagg')(expression, separator, order_by)) }}{% endmacro %}
{% macro default__listagg(expression, separator, order_by) %}string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }}){% endmacro %}
{# dbt's own adapters bring a listagg with other arguments, so each engine is named. #}
{% macro duckdb__listagg(expression, separator, order_by) %}{{ return(default__listagg(expression, separator, order_by)) }}{% endmacro %}
{% macro postgres__listagg(expression, separator, order_by) %}{{ return(default__listagg(expression, separator, order_by)) }}{% endmacro %}
{% macro spark__listagg(expression, separator, order_by) %}listagg({{ expression }}, '{{ separator }}') within group (order by {{ order_by }}){% endmacro %}
