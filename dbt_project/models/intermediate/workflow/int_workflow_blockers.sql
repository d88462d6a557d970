{# What keeps a subject from the next stage, as far as the systems show it. #}
with open_items as (
    select
        opportunity_id,
        {{ listagg('problem', '; ', 'item_order') }} as problems
    from {{ ref('fct_handover_checklist') }}
    where not is_passed
    group by opportunity_id
),

open_legs as (
    select
        change_request_id,
        {{ listagg("replace(leg, '_', ' ')", ', ', 'leg_order') }} as legs
    from {{ ref('fct_change_request_leg') }}
    where leg_state in ('pending', 'failed')
    group by change_request_id
),

open_milestones as (
    select
        project_id,
        sum(case when accepted_on is null then 1 else 0 end) as not_accepted,
        sum(case when invoice_id is null and amount > 0 then 1 else 0 end) as not_billed
    from {{ ref('fct_milestone') }}
    group by project_id
),

open_time as (
    select
        project_id,
        sum(case when is_billable and not is_approved then 1 else 0 end) as not_approved
    from {{ ref('fct_time_entry') }}
    group by project_id
)

select
    'opportunity_handoff' as workflow,
    opportunity_id as subject_id,
    problems as blocked_by
from open_items
union all
select
    'project_initiation' as workflow,
    projects.project_id as subject_id,
    case
        when projects.erp_project_id is null then coalesce('no ERP project; ' || open_items.problems, 'no ERP project')
        when projects.open_from is null then 'no first day for time is set'
        else 'time opens on ' || {{ as_text('projects.open_from') }}
    end as blocked_by
from {{ ref('dim_project') }} as projects
left join open_items
    on projects.opportunity_id = open_items.opportunity_id
where projects.is_chargeable
union all
select
    'change_control' as workflow,
    changes.change_request_id as subject_id,
    case when changes.is_approved then 'not carried through: ' || open_legs.legs else 'not decided' end as blocked_by
from {{ ref('fct_change_request') }} as changes
left join open_legs
    on changes.change_request_id = open_legs.change_request_id
union all
select
    'project_closure' as workflow,
    projects.project_id as subject_id,
    coalesce(open_milestones.not_accepted, 0) || ' milestones not accepted, ' || coalesce(open_milestones.not_billed, 0)
    || ' not billed, ' || coalesce(open_time.not_approved, 0) || ' time entries not approved' as blocked_by
from {{ ref('dim_project') }} as projects
left join open_milestones
    on projects.project_id = open_milestones.project_id
left join open_time
    on projects.project_id = open_time.project_id
where projects.is_chargeable
    and coalesce(open_milestones.not_accepted, 0) + coalesce(open_milestones.not_billed, 0) + coalesce(open_time.not_approved, 0) > 0
