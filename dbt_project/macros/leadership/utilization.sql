{# Hours and the utilization ratios over them, sum over sum; a zero denominator gives null, never zero. #}
{% macro utilization_measures(hours) -%}
    cast({{ hours }}.billable_hours as decimal(18, 4)) as billable_hours,
    cast({{ hours }}.productive_hours as decimal(18, 4)) as productive_hours,
    cast({{ hours }}.logged_hours as decimal(18, 4)) as logged_hours,
    cast({{ hours }}.gross_hours as decimal(18, 4)) as gross_hours,
    cast({{ hours }}.net_hours as decimal(18, 4)) as net_hours,
    cast({{ hours }}.standard_hours as decimal(18, 4)) as standard_hours,
    {{ metric_ratio('util_net.v1', hours) }} as util_net,
    {{ metric_ratio('util_gross.v1', hours) }} as util_gross,
    {{ metric_ratio('util_standard.v1', hours) }} as util_standard,
    {{ metric_ratio('util_logged.v1', hours) }} as util_logged,
    {{ metric_ratio('util_productive_net.v1', hours) }} as productive_util_net
{%- endmacro %}
