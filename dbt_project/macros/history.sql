{#
  Versions of a fact in known time: one row per key and build that saw something else than the build before, a deletion
  included. known_from is the build's as_of, for that is when its figures were believed. Append-only: a full refresh
  leaves it alone (full_refresh: false), and a build that is repeated writes its own versions anew.
#}
{% macro history_of(relation, key, columns) %}
with present as (

    select
        {{ key }},
        {% for column in columns %}
        {{ column }},
        {% endfor %}
        {{ md5_key(columns | reject('equalto', 'source_modified_at') | list) }} as version_hash
    from {{ ref(relation) }}

){% if is_incremental() %},

believed as (

    select *
    from (
        select
            versions.*,
            row_number() over (partition by {{ key }} order by known_from desc) as recency
        from {{ this }} as versions
        where known_from < {{ as_of() }}
    ) as earlier
    where recency = 1

)
{% endif %}
select
    present.*,
    false as is_deleted,
    {{ as_of() }} as known_from
from present
{%- if is_incremental() %}
left join believed on present.{{ key }} = believed.{{ key }}
where believed.{{ key }} is null or believed.is_deleted or believed.version_hash <> present.version_hash
union all
select
    believed.{{ key }},
    {% for column in columns %}
    believed.{{ column }},
    {% endfor %}
    believed.version_hash,
    true as is_deleted,
    {{ as_of() }} as known_from
from believed
left join present on believed.{{ key }} = present.{{ key }}
where present.{{ key }} is null and not believed.is_deleted
{%- endif %}
{% endmacro %}

{# Before a build writes its versions: what an earlier attempt at the same moment wrote. #}
{% macro forget_this_moment() %}
{% if is_incremental() %}delete from {{ this }} where known_from = {{ as_of() }}{% endif %}
{% endmacro %}

{# The rows of a history as they were believed at a moment: "what did we think on the 5th about the 30th". #}
{% macro as_known(history, key, moment) %}
select *
from (
    select
        versions.*,
        row_number() over (partition by {{ key }} order by known_from desc) as recency
    from {{ ref(history) }} as versions
    where known_from <= {{ moment }}
) as believed
where recency = 1 and not is_deleted
{% endmacro %}
