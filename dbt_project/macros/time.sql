{# The moment the build speaks about. There is no default: a build that guesses "now" cannot be repeated. #}
{% macro as_of() -%}
    {#- Asked only when a model runs: dbt parses anew what a changed variable of the environment was read by. -#}
    {%- set moment = var('as_of', env_var('CONCORD_AS_OF', '') if execute else '') -%}
    {%- if execute and not moment -%}
        {{ exceptions.raise_compiler_error("as_of is missing: set CONCORD_AS_OF (ISO time with zone, such as 2026-06-30T18:00:00Z)") }}
    {%- endif -%}
    cast('{{ moment or "1970-01-01T00:00:00Z" }}' as {{ type_moment() }})
{%- endmacro %}

{# The day of as_of in UTC. #}
{% macro as_of_date() -%} cast({{ as_of() }} as date) {%- endmacro %}

{#
  The last day of a span, to compare with: a span without one is open. `is null or` would say the same, but an engine
  cannot hash an outer join on it and compares every row with every row instead.
#}
{% macro open_end(valid_to) -%} coalesce({{ valid_to }}, cast('9999-12-31' as date)) {%- endmacro %}

{#
  Business days after from_date up to and including to_date. Both arguments are aliases of dim_calendar_day rows
  (join once per date on calendar_code and calendar_date), which carry a running count.
#}
{% macro business_days(from_calendar, to_calendar) -%}
    ({{ to_calendar }}.business_day_number - {{ from_calendar }}.business_day_number)
{%- endmacro %}
