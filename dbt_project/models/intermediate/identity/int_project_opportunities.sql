{# Many projects to many opportunities: every stored reference counts, the ERP job only where none is stored. #}
with workspaces as (
    select
        workspaces.instance || ':' || workspaces.workspace_id as project_id,
        workspaces.instance,
        workspaces.workspace_id,
        entity_map.canonical_value as legal_entity_id
    from {{ ref('stg_kantata__workspaces') }} as workspaces
    {{ join_value_map('entity_map', 'workspaces', 'legal_entity', 'legal_entity_code') }}
),

opportunities as (
    select
        opportunities.instance || ':' || opportunities.opportunity_id as opportunity_key,
        opportunities.*,
        entity_map.canonical_value as legal_entity_id
    from {{ ref('stg_salesforce__opportunities') }} as opportunities
    {{ join_value_map('entity_map', 'opportunities', 'legal_entity', 'legal_entity_code') }}
),

-- a project number that exists in several PSAs means the one of the same legal entity
noted_projects as (
    select
        workspaces.project_id,
        opportunities.opportunity_key,
        opportunities.source_modified_at,
        workspaces.legal_entity_id = opportunities.legal_entity_id as agrees,
        count(*) over (partition by opportunities.opportunity_key) as same_id_count
    from opportunities
    inner join workspaces on opportunities.psa_project_ref = workspaces.workspace_id
),

pairs as (
    select
        workspaces.project_id,
        opportunities.opportunity_key as opportunity_id,
        'stored_reference' as method,
        stored_refs.source_modified_at as known_at
    from {{ ref('stg_kantata__external_references') }} as stored_refs
    inner join workspaces
        on stored_refs.instance = workspaces.instance
        and stored_refs.subject_id = workspaces.workspace_id
    inner join opportunities
        on {{ crm_id_key('stored_refs.service_ref') }} = {{ crm_id_key('opportunities.opportunity_id') }}
    where stored_refs.service_name = 'salesforce'
        and stored_refs.service_model = 'Opportunity'
        and stored_refs.subject_type = 'Workspace'
    union all
    select
        project_id,
        opportunity_key as opportunity_id,
        'stored_reference' as method,
        source_modified_at as known_at
    from noted_projects
    where same_id_count = 1 or agrees
    union all
    select
        project_jobs.project_id,
        opportunities.opportunity_key as opportunity_id,
        'erp_job' as method,
        jobs.source_modified_at as known_at
    from {{ ref('int_project_jobs') }} as project_jobs
    inner join {{ ref('stg_netsuite__jobs') }} as jobs
        on project_jobs.erp_job_id = jobs.instance || ':' || jobs.job_id
    inner join opportunities
        on {{ crm_id_key('jobs.crm_opportunity_ref') }} = {{ crm_id_key('opportunities.opportunity_id') }}
    where project_jobs.link_status = 'linked'
),

ranked as (
    select
        *,
        row_number() over (
            partition by project_id, opportunity_id
            order by case method when 'stored_reference' then 0 else 1 end, known_at
        ) as evidence_order
    from pairs
)

select project_id, opportunity_id, method, known_at
from ranked
where evidence_order = 1
