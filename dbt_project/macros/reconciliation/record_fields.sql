{#
  One row per field of the records which findings point at. `fields` is a list of (shown field name, expression);
  `at` gives the expressions of instance, record_id, label, modified and loaded, and may add a join.
#}
{% macro record_fields(entity, relation, key, object_type, fields, at={}) %}
{% for name, expression in fields %}
select
    links.finding_id,
    links.record_order,
    links.role,
    {{ at.get('instance', 'records.instance') }} as instance,
    {{ object_type }} as object_type,
    {{ at.get('record_id', 'records.source_id') }} as record_id,
    {{ at.get('label', 'records.source_id') }} as label,
    {{ loop.index }} as field_order,
    '{{ name }}' as field_name,
    {{ as_text(expression) }} as field_value,
    {{ at.get('modified', 'records.source_modified_at') }} as record_modified_at,
    {{ at.get('loaded', 'records.loaded_at') }} as loaded_at
from {{ ref('rec_finding_link') }} as links
inner join {{ ref(relation) }} as records
    on links.entity = '{{ entity }}' and links.entity_id = records.{{ key }}
{{ at.get('join', '') }}
{{ 'union all' if not loop.last }}
{% endfor %}
{% endmacro %}
