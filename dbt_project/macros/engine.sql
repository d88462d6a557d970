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

{# A moment some hours later. #}
{% macro add_hours(a_moment, number) %}{{ return(adapter.dispatch('add_hours')(a_moment, number)) }}{% endmacro %}
{% macro default__add_hours(a_moment, number) %}({{ a_moment }} + {{ number }} * interval '1 hour'){% endmacro %}
{% macro spark__add_hours(a_moment, number) %}timestampadd(HOUR, {{ number }}, {{ a_moment }}){% endmacro %}

{# Whole seconds from one moment to another. #}
{% macro seconds_between(from_moment, to_moment) %}{{ return(adapter.dispatch('seconds_between')(from_moment, to_moment)) }}{% endmacro %}
{% macro default__seconds_between(from_moment, to_moment) %}cast(floor(extract(epoch from ({{ to_moment }})) - extract(epoch from ({{ from_moment }}))) as bigint){% endmacro %}
{% macro spark__seconds_between(from_moment, to_moment) %}(unix_timestamp({{ to_moment }}) - unix_timestamp({{ from_moment }})){% endmacro %}

{# First day of the month of a date. #}
{% macro month_start(a_date) %}cast(date_trunc('month', {{ a_date }}) as date){% endmacro %}

{# The same day some months later (or earlier when negative), or the last day of that month. #}
{% macro add_months(from_date, number) %}{{ return(adapter.dispatch('add_months')(from_date, number)) }}{% endmacro %}
{% macro default__add_months(from_date, number) %}cast(cast({{ from_date }} as date) + cast({{ number }} as integer) * interval '1 month' as date){% endmacro %}
{% macro spark__add_months(from_date, number) %}add_months(cast({{ from_date }} as date), cast({{ number }} as int)){% endmacro %}

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

{# Quotient as decimal(38, 8), rounded half away from zero; null when the divisor is zero. #}
{% macro ratio(numerator, denominator) %}{{ return(adapter.dispatch('ratio')(numerator, denominator)) }}{% endmacro %}
{% macro default__ratio(numerator, denominator) %}
cast(round(cast({{ numerator }} as decimal(28, 8)) / nullif(cast({{ denominator }} as decimal(28, 8)), 0), 8) as decimal(38, 8))
{%- endmacro %}
{% macro duckdb__ratio(numerator, denominator) %}{{ target.schema }}.ratio({{ numerator }}, {{ denominator }}){% endmacro %}

{# DuckDB keeps these as functions: spelled out, the roundings of one model come to twenty thousand words. #}
{% macro duckdb__round_money(amount, currency) %}{{ target.schema }}.round_money({{ amount }}, {{ currency }}){% endmacro %}
{% macro duckdb__money_text(amount, currency) %}{{ target.schema }}.money_text({{ amount }}, {{ currency }}){% endmacro %}

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

{% macro postgres__name_similarity(left_text, right_text) %}{{ target.schema }}.jaro_winkler({{ left_text }}, {{ right_text }}){% endmacro %}

{# What an engine needs before the first model. #}
{% macro prepare_engine() %}{{ return(adapter.dispatch('prepare_engine')()) }}{% endmacro %}
{% macro default__prepare_engine() %}{% endmacro %}
{# DuckDB divides decimals as doubles, so its ratio works on scaled integers. #}
{% macro duckdb__prepare_engine() %}
create schema if not exists {{ target.schema }};
create or replace macro {{ target.schema }}.scaled(number) as cast(cast(number as decimal(28, 8)) * 100000000 as hugeint);
create or replace macro {{ target.schema }}.ratio(numerator, denominator) as cast(
    cast(
        sign({{ target.schema }}.scaled(numerator)) * sign({{ target.schema }}.scaled(denominator))
        * (
            (abs({{ target.schema }}.scaled(numerator)) * 200000000 + abs({{ target.schema }}.scaled(denominator)))
            // nullif(2 * abs({{ target.schema }}.scaled(denominator)), 0)
        ) as decimal(30, 0)
    ) * cast(0.00000001 as decimal(8, 8)) as decimal(38, 8)
);
create or replace macro {{ target.schema }}.round_money(amount, currency) as {{ default__round_money('amount', 'currency') }};
create or replace macro {{ target.schema }}.money_text(amount, currency) as {{ default__money_text('amount', 'currency') }};
{% endmacro %}
{% macro postgres__prepare_engine() %}
{%- if execute and run_query("show timezone").columns[0].values()[0] != 'UTC' -%}
    {{ exceptions.raise_compiler_error("the session is not in UTC, so days would be cut elsewhere: set PGTZ=UTC, or the database's timezone") }}
{%- endif -%}
create schema if not exists {{ target.schema }};
create or replace function {{ target.schema }}.jaro_winkler(a text, b text) returns double precision
language plpgsql immutable strict parallel safe as $body$
declare
    la int := length(a);
    lb int := length(b);
    reach int := greatest(greatest(length(a), length(b)) / 2 - 1, 0);
    met_a boolean[] := array_fill(false, array[greatest(length(a), 1)]);
    met_b boolean[] := array_fill(false, array[greatest(length(b), 1)]);
    met int := 0;
    swapped int := 0;
    k int := 1;
    alike int := 0;
    jaro double precision;
begin
    if la = 0 and lb = 0 then return 1; end if;
    if la = 0 or lb = 0 then return 0; end if;
    for i in 1..la loop
        for j in greatest(1, i - reach)..least(lb, i + reach) loop
            if not met_b[j] and substr(a, i, 1) = substr(b, j, 1) then
                met_a[i] := true;
                met_b[j] := true;
                met := met + 1;
                exit;
            end if;
        end loop;
    end loop;
    if met = 0 then return 0; end if;
    for i in 1..la loop
        if met_a[i] then
            while not met_b[k] loop k := k + 1; end loop;
            if substr(a, i, 1) <> substr(b, k, 1) then swapped := swapped + 1; end if;
            k := k + 1;
        end if;
    end loop;
    jaro := (met::double precision / la + met::double precision / lb + (met - swapped / 2)::double precision / met) / 3;
    while alike < least(4, la, lb) and substr(a, alike + 1, 1) = substr(b, alike + 1, 1) loop alike := alike + 1; end loop;
    return case when jaro > 0.7 then jaro + alike * 0.1 * (1 - jaro) else jaro end;
end
$body$
{% endmacro %}

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
