with handovers as (
    select
        instance,
        subject_id as workspace_id,
        min(case when service_name = 'salesforce' and service_model = 'Opportunity' then created_at end) as handed_over_at,
        min(case when service_name = 'netsuite' and service_model = 'job' then created_at end) as erp_linked_at
    from {{ ref('stg_kantata__external_references') }}
    where subject_type = 'Workspace'
    group by instance, subject_id
)

select
    projects.project_id,
    projects.opportunity_id,
    projects.customer_id,
    projects.legal_entity_id,
    projects.business_unit_id,
    case when opportunities.is_won then cast(opportunities.close_date as {{ type_moment() }}) end as won_at,
    handovers.handed_over_at,
    workspaces.created_at as project_created_at,
    handovers.erp_linked_at,
    case
        when projects.open_from <= {{ as_of_date() }} and coalesce(projects.project_status, 'active') <> 'draft'
            then greatest(workspaces.created_at, cast(projects.open_from as {{ type_moment() }}))
    end as opened_for_time_at,
    projects.loaded_at
from {{ ref('dim_project') }} as projects
inner join {{ ref('stg_kantata__workspaces') }} as workspaces
    on projects.instance = workspaces.instance
    and projects.source_id = workspaces.workspace_id
left join {{ ref('fct_opportunity') }} as opportunities
    on projects.opportunity_id = opportunities.opportunity_id
left join handovers
    on projects.instance = handovers.instance
    and projects.source_id = handovers.workspace_id
where projects.is_chargeable
