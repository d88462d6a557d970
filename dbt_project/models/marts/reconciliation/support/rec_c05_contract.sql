{#
  Contracts that share a project, or are worked on in several, are one group: their values are compared as sums.
  One row per group and currency, with the three values next to each other.
#}
with deal_groups as (

    select * from {{ ref('rec_c05_group') }}

),

contracts as (

    select
        deal_groups.group_id,
        contracts.currency,
        min(contracts.contract_id) as contract_id,
        count(*) as contracts,
        case when count(contracts.current_value) = count(*) then sum(contracts.current_value) end as crm_value,
        max(case when contracts.contract_type = 'time_and_materials' then 1 else 0 end) = 1 as is_frame,
        max(case when contracts.contract_type in ('fixed_fee', 'milestone') then 1 else 0 end) = 1 as has_schedule,
        max(contracts.signed_on) as signed_on,
        max(contracts.customer_id) as customer_id,
        min(contracts.legal_entity_id) as legal_entity_id,
        {{ listagg('contracts.contract_number', ', ', 'contracts.contract_number') }} as contract_numbers
    from {{ ref('dim_contract') }} as contracts
    inner join deal_groups
        on contracts.opportunity_id = deal_groups.opportunity_id
    group by deal_groups.group_id, contracts.currency

),

projects as (

    select distinct
        deal_groups.group_id,
        projects.project_id,
        projects.currency,
        projects.budget_amount,
        projects.business_unit_id,
        projects.practice_id
    from {{ ref('bridge_project_opportunity') }} as links
    inner join deal_groups
        on links.opportunity_id = deal_groups.opportunity_id
    inner join {{ ref('dim_project') }} as projects
        on links.project_id = projects.project_id
    where coalesce(projects.project_status, 'active') <> 'archived'

),

budgets as (

    select
        group_id,
        currency,
        min(project_id) as project_id,
        min(business_unit_id) as business_unit_id,
        min(practice_id) as practice_id,
        count(*) as projects,
        case when count(budget_amount) = count(*) then sum(budget_amount) end as psa_value
    from projects
    group by group_id, currency

),

schedules as (

    select
        projects.group_id,
        lines.currency,
        count(*) as lines,
        sum(lines.amount) as erp_value
    from projects
    inner join {{ ref('fct_billing_schedule_line') }} as lines
        on projects.project_id = lines.project_id
    group by projects.group_id, lines.currency

)

select
    contracts.group_id,
    contracts.contract_id,
    contracts.contract_numbers,
    contracts.currency,
    contracts.customer_id,
    contracts.legal_entity_id,
    budgets.project_id,
    budgets.business_unit_id,
    budgets.practice_id,
    contracts.signed_on,
    contracts.is_frame,
    contracts.has_schedule,
    cast(contracts.crm_value as decimal(18, 4)) as crm_value,
    cast(budgets.psa_value as decimal(18, 4)) as psa_value,
    cast(schedules.erp_value as decimal(18, 4)) as erp_value,
    cast(greatest(contracts.contracts, budgets.projects, coalesce(schedules.lines, 0)) as bigint) as lines
from contracts
inner join budgets
    on contracts.group_id = budgets.group_id and contracts.currency = budgets.currency
left join schedules
    on contracts.group_id = schedules.group_id and contracts.currency = schedules.currency
