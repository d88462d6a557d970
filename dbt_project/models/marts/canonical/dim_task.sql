with change_references as (
    select
        stored_refs.instance,
        stored_refs.subject_id as story_id,
        changes.change_request_id,
        row_number() over (
            partition by stored_refs.instance, stored_refs.subject_id
            order by stored_refs.source_modified_at, changes.change_request_id
        ) as preference
    from {{ ref('stg_kantata__external_references') }} as stored_refs
    inner join {{ ref('fct_change_request') }} as changes
        on {{ crm_id_key('stored_refs.service_ref') }} = {{ crm_id_key('changes.source_id') }}
    where stored_refs.service_name = 'salesforce'
        and stored_refs.service_model = 'Change_Request__c'
        and stored_refs.subject_type = 'Story'
)

select
    {{ canonical_id('stories.story_id', 'stories.instance') }} as task_id,
    stories.instance,
    stories.story_id as source_id,
    {{ canonical_id('stories.workspace_id', 'stories.instance') }} as project_id,
    {{ canonical_id('stories.parent_story_id', 'stories.instance') }} as parent_task_id,
    stories.title as task_name,
    stories.story_type as task_type,
    stories.state_code,
    coalesce(stories.is_billable, false) as is_billable,
    coalesce(stories.is_fixed_fee, false) as is_fixed_fee,
    coalesce(stories.is_archived, false) as is_archived,
    change_references.change_request_id,
    stories.start_date,
    stories.due_date,
    cast({{ from_minor('stories.budget_estimate_minor', 'null', 'projects.currency') }} as decimal(18, 4)) as budget_amount,
    {{ hours('stories.time_estimate_in_minutes') }} as planned_hours,
    cast(stories.percent_complete as decimal(12, 4)) as percent_complete,
    projects.currency,
    stories.created_at,
    stories.source_modified_at,
    stories.loaded_at
from {{ ref('stg_kantata__stories') }} as stories
left join {{ ref('dim_project') }} as projects
    on stories.instance || ':' || stories.workspace_id = projects.project_id
left join change_references
    on stories.instance = change_references.instance
    and stories.story_id = change_references.story_id
    and change_references.preference = 1
