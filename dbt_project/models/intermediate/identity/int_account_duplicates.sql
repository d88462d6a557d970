{#
  Which pairs of accounts are one company. A likeness of names links by itself only when it is great, something else
  agrees and nobody else is a candidate. A group that grew too large through shared domains is cut back to its strong
  keys: the rest waits for a person.
#}
with pairs as (
    select
        *,
        -- the first rung that has candidates decides, seen from both ends
        min(rung) over (partition by record_key, target_instance) as best_rung,
        min(rung) over (partition by target_key, instance) as target_best_rung,
        count(*) over (partition by record_key, target_instance, rung) as candidates,
        count(*) over (partition by target_key, instance, rung) as target_candidates
    from {{ ref('int_account_pairs') }}
),

judged as (
    select
        *,
        rung = best_rung and rung = target_best_rung and (
            rung < 5 or (
                score >= {{ check_parameter('C04', 'link_from') }}
                and has_strong_attribute and candidates = 1 and target_candidates = 1
            )
        ) as is_duplicate
    from pairs
),

edges as (
    select record_key, target_key as neighbour_key from judged
    where is_duplicate
    union all
    select target_key as record_key, record_key as neighbour_key from judged
    where is_duplicate
),

labels as (
    select distinct record_key, record_key as label from edges
),

{{ connected('labels', 'edges') }},

groups as (
    select
        record_key,
        label as group_key,
        count(*) over (partition by label) as group_size
    from round_6
)

select
    judged.record_key,
    judged.target_key,
    judged.rung,
    judged.method,
    judged.score,
    judged.known_at,
    groups.group_key,
    groups.group_size,
    coalesce(groups.group_size > {{ check_parameter('C04', 'largest_group') }}, false) as is_too_large,
    case
        when not judged.is_duplicate then 'suggested'
        when judged.rung <= 3 then 'linked'
        when groups.group_size > {{ check_parameter('C04', 'largest_group') }} then 'ambiguous'
        when judged.candidates > 1 or judged.target_candidates > 1 then 'ambiguous'
        else 'linked'
    end as link_status
from judged
left join groups
    on judged.record_key = groups.record_key
