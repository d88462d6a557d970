-- the catalogue of macros/leadership/metrics.sql as rows, so that pages can say what a figure is made of
{% for id, name, unit, model, numerator, denominator, section in metrics() %}
select
    '{{ id }}' as metric_id,
    '{{ id.split(".v")[0] }}' as metric_key,
    cast({{ id.split(".v")[1] }} as bigint) as metric_version,
    '{{ name }}' as metric_name,
    '{{ unit }}' as unit,
    '{{ model }}' as model_name,
    '{{ numerator | replace("rows.", "") | replace("'", "''") }}' as numerator,
    {{ "'" ~ (denominator | replace("rows.", "") | replace("'", "''")) ~ "'" if denominator else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as denominator,
    '{{ section }}' as section
{{ 'union all' if not loop.last }}
{% endfor %}
