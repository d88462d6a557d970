{# Output method: the amount of each milestone in the month the customer accepted it. #}
select
    milestones.project_id,
    {{ month_start('milestones.accepted_on') }} as month,
    'milestones_accepted' as recognition_method,
    cast(sum(milestones.amount) as decimal(18, 4)) as revenue_tc
from {{ ref('fct_milestone') }} as milestones
inner join {{ ref('dim_project') }} as projects
    on milestones.project_id = projects.project_id
where projects.contract_type = 'milestone'
    and milestones.accepted_on <= {{ as_of_date() }}
group by milestones.project_id, {{ month_start('milestones.accepted_on') }}
