{#
  What C03 compares beside the copies of a customer: the company that sells (contract, project and ERP project in one), and the path to the
  top parent. A deal that several companies fulfil has a project in each, so a contract is only wrong when none of its projects is its
  company's.
#}
with sold as (

    select distinct
        links.opportunity_id,
        projects.legal_entity_id
    from {{ ref('bridge_project_opportunity') }} as links
    inner join {{ ref('dim_project') }} as projects
        on links.project_id = projects.project_id
    where coalesce(projects.project_status, 'active') <> 'archived'

),

companies as (

    select
        projects.project_id,
        projects.instance,
        projects.source_id,
        projects.project_name,
        projects.customer_id,
        projects.business_unit_id,
        projects.practice_id,
        projects.currency,
        projects.start_date,
        projects.legal_entity_id as project_entity,
        case when sold.opportunity_id is null then contracts.legal_entity_id end as contract_entity,
        erp_entities.legal_entity_id as erp_entity
    from {{ ref('dim_project') }} as projects
    left join {{ ref('dim_contract') }} as contracts
        on projects.contract_id = contracts.contract_id
    left join sold
        on contracts.opportunity_id = sold.opportunity_id and contracts.legal_entity_id = sold.legal_entity_id
    left join {{ ref('stg_netsuite__jobs') }} as jobs
        on projects.erp_instance = jobs.instance and projects.erp_project_id = jobs.job_id
    left join {{ ref('int_erp_entities') }} as erp_entities
        on jobs.instance = erp_entities.instance and jobs.subsidiary_id = erp_entities.subsidiary_id
    where projects.is_chargeable and projects.project_status in ('active', 'on_hold')

)

select
    instance || ':workspace:' || source_id || '|legal_entity' as matching_key,
    'legal_entity' as attribute,
    'S2' as severity,
    'Selling company differs' as title,
    project_name || ' belongs to ' || project_entity
    || case when contract_entity <> project_entity then ', its contract to ' || contract_entity else '' end
    || case when erp_entity <> project_entity then ', its ERP project to ' || erp_entity else '' end || '.' as explanation,
    'project' as subject_type,
    project_id as subject_id,
    project_name as subject_name,
    customer_id,
    project_id,
    project_entity as legal_entity_id,
    business_unit_id,
    practice_id,
    currency,
    coalesce(start_date, {{ as_of_date() }}) as occurred_on
from companies
where contract_entity <> project_entity or erp_entity <> project_entity

union all

select
    customer_id || '|parent' as matching_key,
    'parent' as attribute,
    'S3' as severity,
    'Customer is its own parent' as title,
    'The path from ' || customer_name || ' to the top of its group meets itself: a data steward decides who stands above whom.' as explanation,
    'customer' as subject_type,
    customer_id as subject_id,
    customer_name as subject_name,
    customer_id,
    null as project_id,
    null as legal_entity_id,
    business_unit_id,
    null as practice_id,
    currency,
    {{ as_of_date() }} as occurred_on
from {{ ref('dim_customer') }}
where has_parent_cycle
