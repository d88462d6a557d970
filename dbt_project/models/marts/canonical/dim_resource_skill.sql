{# A person with several PSA users may hold a skill twice: the highest level counts, since the first day. #}
with held as (
    select
        links.resource_id,
        memberships.instance,
        memberships.skill_id,
        max(memberships.cached_skill_name) as skill_name,
        max(memberships.skill_level) as skill_level,
        max(memberships.max_level) as max_level,
        min(cast(memberships.created_at as date)) as held_since,
        max(memberships.source_modified_at) as source_modified_at,
        max(memberships.loaded_at) as loaded_at
    from {{ ref('stg_kantata__skill_memberships') }} as memberships
    inner join {{ ref('int_resource_users') }} as links
        on memberships.instance || ':' || memberships.user_id = links.psa_user_id
    group by links.resource_id, memberships.instance, memberships.skill_id
)

select
    held.resource_id,
    {{ canonical_id('held.skill_id', 'held.instance') }} as skill_id,
    coalesce(skills.skill_name, held.skill_name) as skill_name,
    held.skill_level,
    coalesce(skills.max_level, held.max_level) as max_level,
    held.held_since,
    held.source_modified_at,
    held.loaded_at
from held
left join {{ ref('stg_kantata__skills') }} as skills
    on held.instance = skills.instance
    and held.skill_id = skills.skill_id
