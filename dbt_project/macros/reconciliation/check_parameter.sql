{# A limit of a check from config/checks.yml. config/check_parameters.py lists it too: a file without it does not load. #}
{% macro check_parameter(check_id, name) -%}
(select parameters.value from {{ source('raw_config', 'check_parameter') }} as parameters where parameters.check_id = '{{ check_id }}' and parameters.name = '{{ name }}')
{%- endmacro %}
