{# Stable md5 over texts; null parts count as empty text. #}
{% macro md5_key(columns) -%}
    md5({% for column in columns %}coalesce(cast({{ column }} as {{ dbt.type_string() }}), ''){{ " || '|' || " if not loop.last }}{% endfor %})
{%- endmacro %}

{# Canonical id of a vendor record; null when the record id is null. #}
{% macro canonical_id(record_id, instance='instance') -%}
    ({{ instance }} || ':' || {{ record_id }})
{%- endmacro %}
