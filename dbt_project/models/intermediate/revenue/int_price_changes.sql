{#
  Approved changes that the price of a project already carries. What was recognised before such a change stood on the price
  of its time. A deal with several projects does not say which of them a change belongs to: theirs stay undated.
#}
with single_projects as (
    select
        opportunity_id,
        max(project_id) as project_id
    from {{ ref('bridge_project_opportunity') }}
    group by opportunity_id
    having count(*) = 1
)

select
    single_projects.project_id,
    changes.change_request_id,
    changes.approved_on as effective_on,
    legs.expected_delta as amount
from {{ ref('fct_change_request_leg') }} as legs
inner join {{ ref('fct_change_request') }} as changes
    on legs.change_request_id = changes.change_request_id
inner join single_projects
    on changes.opportunity_id = single_projects.opportunity_id
where legs.leg = 'psa_budget'
    and legs.leg_state = 'applied'
    and changes.approved_on <= {{ as_of_date() }}
