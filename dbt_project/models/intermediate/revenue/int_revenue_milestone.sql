{# Output method: the amount of each milestone on the day the customer accepted it. #}
select
    milestones.project_id,
    {{ month_start('milestones.accepted_on') }} as month,
    'milestones_accepted' as recognition_method,
    'milestone_accepted' as event_type,
    milestones.accepted_on as event_date,
    milestones.milestone_id as event_ref,
    milestones.milestone_id as source_record_id,
    cast(milestones.amount as decimal(18, 4)) as revenue_tc
from {{ ref('fct_milestone') }} as milestones
inner join {{ ref('dim_project') }} as projects
    on milestones.project_id = projects.project_id
where projects.contract_type = 'milestone'
    and milestones.accepted_on <= {{ as_of_date() }}
