{# Hours and the utilization ratios over them, sum over sum; a zero denominator gives null, never zero. #}
{% macro utilization_measures(hours) -%}
    cast({{ hours }}.billable_hours as decimal(18, 4)) as billable_hours,
    cast({{ hours }}.productive_hours as decimal(18, 4)) as productive_hours,
    cast({{ hours }}.logged_hours as decimal(18, 4)) as logged_hours,
    cast({{ hours }}.gross_hours as decimal(18, 4)) as gross_hours,
    cast({{ hours }}.net_hours as decimal(18, 4)) as net_hours,
    cast({{ hours }}.standard_hours as decimal(18, 4)) as standard_hours,
    cast({{ ratio(hours ~ '.billable_hours', hours ~ '.net_hours') }} as decimal(18, 8)) as util_net,
    cast({{ ratio(hours ~ '.billable_hours', hours ~ '.gross_hours') }} as decimal(18, 8)) as util_gross,
    cast({{ ratio(hours ~ '.billable_hours', hours ~ '.standard_hours') }} as decimal(18, 8)) as util_standard,
    cast({{ ratio(hours ~ '.billable_hours', hours ~ '.logged_hours') }} as decimal(18, 8)) as util_logged,
    cast({{ ratio(hours ~ '.productive_hours', hours ~ '.net_hours') }} as decimal(18, 8)) as productive_util_net
{%- endmacro %}
