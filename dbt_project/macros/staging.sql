{#
  Rows of a raw table that still exist at the vendor. A tombstone kills a row it was loaded after (or with); a row
  that came again later is alive. Composite keys are joined with '|', as ingestion writes them.
  An incremental model passes is_arriving: then only rows loaded since the newest one it holds of that instance, less
  the late-arrival window, are read again; drop_dead takes out what was deleted since.
#}
{% macro living(system, object, key=['id'], is_arriving=false) %}
select raw_rows.*
from {{ source('raw_' ~ system, object) }} as raw_rows
{%- if is_arriving and is_incremental() %}
left join (
    select instance, max(loaded_at) as newest_at
    from {{ this }}
    group by instance
) as held
    on raw_rows._instance = held.instance
{%- endif %}
where not exists (
    select 1
    from {{ source('raw_' ~ system, 'tombstone') }} as tombstones
    where tombstones._instance = raw_rows._instance
        and tombstones.object = '{{ object }}'
        and tombstones.record_id = {% for column in key %}raw_rows.{{ column }}{{ " || '|' || " if not loop.last }}{% endfor %}
        and tombstones._loaded_at >= raw_rows._loaded_at
)
{%- if is_arriving and is_incremental() %}
    and (held.newest_at is null or raw_rows._loaded_at >= {{ add_hours('held.newest_at', '-' ~ 24 * var('late_arrival_days')) }})
{%- endif %}
{% endmacro %}

{# After an incremental model: rows it holds whose record was deleted since. The column names are the model's own. #}
{% macro drop_dead(system, object, key) %}
delete from {{ this }}
where exists (
    select 1
    from {{ source('raw_' ~ system, 'tombstone') }} as tombstones
    where tombstones._instance = {{ this.identifier }}.instance
        and tombstones.object = '{{ object }}'
        and tombstones.record_id = {% for column in key %}{{ this.identifier }}.{{ column }}{{ " || '|' || " if not loop.last }}{% endfor %}
        and tombstones._loaded_at >= {{ this.identifier }}.loaded_at
)
{% endmacro %}

{# Text with the outer blanks gone, null when nothing is left. #}
{% macro clean(column) -%} nullif(trim({{ column }}), '') {%- endmacro %}
