{# Deals that share a project, directly or through others, belong together: what one lacks another may hold. #}
with recursive shared as (

    select distinct
        ours.opportunity_id,
        theirs.opportunity_id as other_id
    from {{ ref('bridge_project_opportunity') }} as ours
    inner join {{ ref('bridge_project_opportunity') }} as theirs
        on ours.project_id = theirs.project_id

),

reached (opportunity_id, other_id) as (

    select opportunity_id, other_id from shared
    union
    select
        reached.opportunity_id,
        shared.other_id
    from reached
    inner join shared
        on reached.other_id = shared.opportunity_id

)

select
    opportunity_id,
    min(other_id) as group_id
from reached
group by opportunity_id
