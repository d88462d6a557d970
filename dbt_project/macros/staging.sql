{#
  Rows of a raw table that still exist at the vendor. A tombstone kills a row it was loaded after (or with); a row
  that came again later is alive. Composite keys are joined with '|', as ingestion writes them.
#}
{% macro living(system, object, key=['id']) %}
select raw_rows.*
from {{ source('raw_' ~ system, object) }} as raw_rows
where not exists (
    select 1
    from {{ source('raw_' ~ system, 'tombstone') }} as tombstones
    where tombstones._instance = raw_rows._instance
        and tombstones.object = '{{ object }}'
        and tombstones.record_id = {% for column in key %}raw_rows.{{ column }}{{ " || '|' || " if not loop.last }}{% endfor %}
        and tombstones._loaded_at >= raw_rows._loaded_at
)
{% endmacro %}

{# Text with the outer blanks gone, null when nothing is left. #}
{% macro clean(column) -%} nullif(trim({{ column }}), '') {%- endmacro %}
