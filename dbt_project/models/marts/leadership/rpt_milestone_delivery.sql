-- what was due counts, whether or not it came: by the first baseline and by the re-planned date
with due as (

    select milestone_id, project_id, 'first_baseline' as due_basis, baseline_due_date as due_date, accepted_on
    from {{ ref('fct_milestone') }}
    union all
    select milestone_id, project_id, 'replanned' as due_basis, due_date, accepted_on
    from {{ ref('fct_milestone') }}

)

select
    due.milestone_id,
    due.due_basis,
    due.project_id,
    projects.customer_id,
    projects.legal_entity_id,
    projects.practice_id,
    projects.business_unit_id,
    {{ month_start('due.due_date') }} as month,
    due.due_date,
    due.accepted_on,
    coalesce(due.accepted_on <= due.due_date, false) as is_on_time
from due
inner join {{ ref('dim_project') }} as projects
    on due.project_id = projects.project_id
where due.due_date <= {{ as_of_date() }}
