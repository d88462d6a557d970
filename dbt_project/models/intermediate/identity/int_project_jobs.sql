{# PSA project to ERP job by the ladder; a stored reference first, then the job's external id. #}
with workspaces as (
    select
        workspaces.instance,
        workspaces.workspace_id,
        entity_map.canonical_value as legal_entity_id
    from {{ ref('stg_kantata__workspaces') }} as workspaces
    {{ join_value_map('entity_map', 'workspaces', 'legal_entity', 'legal_entity_code') }}
),

jobs as (
    select
        jobs.*,
        entities.legal_entity_id
    from {{ ref('stg_netsuite__jobs') }} as jobs
    left join {{ ref('int_erp_entities') }} as entities
        on jobs.instance = entities.instance
        and jobs.subsidiary_id = entities.subsidiary_id
),

stored_refs as (
    select * from {{ ref('stg_kantata__external_references') }}
    where service_name = 'netsuite' and service_model = 'job' and subject_type = 'Workspace'
),

candidates as (
    select
        workspaces.instance || ':' || workspaces.workspace_id as scope,
        workspaces.instance || ':' || workspaces.workspace_id as project_id,
        jobs.instance || ':' || jobs.job_id as target_key,
        1 as rung,
        'stored_reference' as method,
        coalesce(workspaces.legal_entity_id = jobs.legal_entity_id, false) as agrees,
        stored_refs.source_modified_at as known_at
    from stored_refs
    inner join workspaces
        on stored_refs.instance = workspaces.instance
        and stored_refs.subject_id = workspaces.workspace_id
    inner join jobs on stored_refs.service_ref = jobs.job_id
    union all
    select
        workspaces.instance || ':' || workspaces.workspace_id as scope,
        workspaces.instance || ':' || workspaces.workspace_id as project_id,
        jobs.instance || ':' || jobs.job_id as target_key,
        2 as rung,
        'external_id' as method,
        coalesce(workspaces.legal_entity_id = jobs.legal_entity_id, false) as agrees,
        jobs.source_modified_at as known_at
    from jobs
    inner join workspaces on jobs.external_id = workspaces.workspace_id
),

picked as (
    {{ ladder('candidates') }}
)

select
    project_id,
    target_key as erp_job_id,
    rung,
    method,
    known_at,
    link_status,
    -- a job that several projects claim cannot tell whose a line is
    link_status = 'linked' and sum(case when link_status = 'linked' then 1 else 0 end) over (partition by target_key) = 1 as is_one_to_one
from picked
