select
    {{ canonical_id('assignments.task_assignment_id', 'assignments.instance') }} as task_assignment_id,
    assignments.instance,
    assignments.task_assignment_id as source_id,
    tasks.task_id,
    tasks.project_id,
    links.resource_id,
    coalesce(assignments.is_current, false) as is_current,
    assignments.allocated_hours,
    assignments.estimated_hours,
    assignments.source_modified_at,
    assignments.loaded_at
from {{ ref('stg_kantata__assignments') }} as assignments
inner join {{ ref('dim_task') }} as tasks
    on {{ canonical_id('assignments.story_id', 'assignments.instance') }} = tasks.task_id
left join {{ ref('int_resource_users') }} as links
    on assignments.instance || ':' || assignments.assignee_id = links.psa_user_id
