with workspaces as (
    select
        *,
        instance || ':' || workspace_id as project_id
    from {{ ref('stg_kantata__workspaces') }}
),

main_opportunities as (
    select
        pairs.project_id,
        pairs.opportunity_id,
        row_number() over (
            partition by pairs.project_id
            order by
                case when opportunities.is_won then 0 else 1 end,
                case pairs.method when 'stored_reference' then 0 else 1 end,
                opportunities.close_date,
                pairs.opportunity_id
        ) as preference
    from {{ ref('int_project_opportunities') }} as pairs
    inner join {{ ref('fct_opportunity') }} as opportunities
        on pairs.opportunity_id = opportunities.opportunity_id
),

main_contracts as (
    select
        contract_id,
        opportunity_id,
        contract_type,
        row_number() over (partition by opportunity_id order by start_date, contract_id) as preference
    from {{ ref('dim_contract') }}
    where opportunity_id is not null
),

jobs as (
    select
        links.project_id,
        jobs.instance as erp_instance,
        jobs.job_id as erp_project_id,
        jobs.project_code,
        not coalesce(jobs.is_inactive, false) as is_erp_active
    from {{ ref('int_project_jobs') }} as links
    inner join {{ ref('stg_netsuite__jobs') }} as jobs
        on links.erp_job_id = jobs.instance || ':' || jobs.job_id
    where links.link_status = 'linked'
),

typed as (
    select
        workspaces.*,
        main_opportunities.opportunity_id,
        main_contracts.contract_id,
        coalesce(members.customer_id, opportunities.customer_id) as customer_id,
        coalesce(main_contracts.contract_type, opportunities.contract_type, type_map.canonical_value) as contract_type,
        entity_map.canonical_value as legal_entity_id,
        unit_map.canonical_value as business_unit_id,
        practice_map.canonical_value as practice_id,
        case
            when coalesce(workspaces.is_archived, false) then 'archived'
            when workspaces.stage_code = 'estimate' then 'draft'
            else status_map.canonical_value
        end as project_status
    from workspaces
    left join main_opportunities
        on workspaces.project_id = main_opportunities.project_id
        and main_opportunities.preference = 1
    left join {{ ref('fct_opportunity') }} as opportunities
        on main_opportunities.opportunity_id = opportunities.opportunity_id
    left join main_contracts
        on main_opportunities.opportunity_id = main_contracts.opportunity_id
        and main_contracts.preference = 1
    left join {{ ref('int_customer_members') }} as members
        on workspaces.instance || ':workspace_group:' || workspaces.primary_workspace_group_id = members.record_key
    {{ join_value_map('entity_map', 'workspaces', 'legal_entity', 'legal_entity_code') }}
    {{ join_value_map('practice_map', 'workspaces', 'practice', 'practice_code') }}
    {{ join_value_map('unit_map', 'workspaces', 'business_unit', 'business_unit_code') }}
    {{ join_value_map('type_map', 'workspaces', 'contract_type', 'contract_type_code') }}
    {{ join_value_map('status_map', 'workspaces', 'project_status', 'status_key') }}
)

select
    typed.project_id,
    typed.instance,
    typed.workspace_id as source_id,
    jobs.project_code,
    typed.title as project_name,
    typed.opportunity_id,
    typed.contract_id,
    typed.customer_id,
    typed.legal_entity_id,
    typed.business_unit_id,
    typed.practice_id,
    typed.contract_type,
    typed.currency,
    typed.project_status,
    typed.status_key as status_code,
    typed.contract_type is not null as is_chargeable,
    typed.start_date,
    coalesce(typed.due_date, typed.effective_due_date) as end_date,
    typed.open_from,
    typed.open_to,
    typed.price_amount as budget_amount,
    typed.budget_hours,
    cast(typed.percent_complete as decimal(12, 4)) as percent_complete,
    {{ canonical_id('typed.rate_card_id', 'typed.instance') }} as rate_card_id,
    jobs.erp_instance,
    jobs.erp_project_id,
    jobs.is_erp_active,
    typed.created_at as opened_at,
    typed.source_modified_at,
    typed.loaded_at
from typed
left join jobs on typed.project_id = jobs.project_id
