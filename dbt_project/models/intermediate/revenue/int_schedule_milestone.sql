{# Milestones still to be accepted, on the day they are due; what is overdue can come tomorrow at the earliest. #}
with expected as (
    select
        milestones.project_id,
        greatest(
            coalesce(milestones.accepted_on, milestones.due_date),
            {{ add_days(as_of_date(), 1) }}
        ) as expected_on,
        milestones.amount
    from {{ ref('fct_milestone') }} as milestones
    inner join {{ ref('dim_project') }} as projects
        on milestones.project_id = projects.project_id
    where projects.contract_type = 'milestone'
        and coalesce(projects.project_status, 'active') not in ('closed', 'archived')
        and (milestones.accepted_on is null or milestones.accepted_on > {{ as_of_date() }})
        and coalesce(milestones.accepted_on, milestones.due_date) is not null
)

select
    project_id,
    {{ month_start('expected_on') }} as month,
    'milestones_due' as schedule_basis,
    min(expected_on) as first_day,
    max(expected_on) as last_day,
    cast(sum(amount) as decimal(18, 4)) as revenue_tc
from expected
group by project_id, {{ month_start('expected_on') }}
