{# Stages that subjects have reached. Where no system keeps the moment, entered_at is null: it is not guessed. #}
with handovers as (
    select
        links.opportunity_id,
        min(coalesce(setups.handed_over_at, setups.project_created_at)) as handed_over_at
    from {{ ref('bridge_project_opportunity') }} as links
    inner join {{ ref('fct_project_setup') }} as setups
        on links.project_id = setups.project_id
    group by links.opportunity_id
),

deals as (
    select distinct opportunity_id from {{ ref('fct_handover_checklist') }}
),

carried as (
    select
        change_request_id,
        max(case when leg_state in ('pending', 'failed') then 1 else 0 end) = 0 as is_carried_through
    from {{ ref('fct_change_request_leg') }}
    group by change_request_id
)

select
    'opportunity_handoff' as workflow,
    deals.opportunity_id as subject_id,
    'awaiting_handover' as stage,
    cast(opportunities.close_date as {{ type_moment() }}) as entered_at
from deals
inner join {{ ref('fct_opportunity') }} as opportunities
    on deals.opportunity_id = opportunities.opportunity_id
union all
select
    'opportunity_handoff' as workflow,
    deals.opportunity_id as subject_id,
    'handed_over' as stage,
    handovers.handed_over_at as entered_at
from deals
inner join handovers
    on deals.opportunity_id = handovers.opportunity_id
union all
select
    'project_initiation' as workflow,
    project_id as subject_id,
    'preparation' as stage,
    project_created_at as entered_at
from {{ ref('fct_project_setup') }}
union all
select
    'project_initiation' as workflow,
    setups.project_id as subject_id,
    'opening' as stage,
    greatest(setups.project_created_at, setups.erp_linked_at) as entered_at
from {{ ref('fct_project_setup') }} as setups
inner join {{ ref('dim_project') }} as projects
    on setups.project_id = projects.project_id
where projects.erp_project_id is not null
union all
select
    'project_initiation' as workflow,
    project_id as subject_id,
    'open_for_time' as stage,
    greatest(opened_for_time_at, erp_linked_at) as entered_at
from {{ ref('fct_project_setup') }}
where opened_for_time_at is not null
union all
select
    'change_control' as workflow,
    change_request_id as subject_id,
    'raised' as stage,
    created_at as entered_at
from {{ ref('fct_change_request') }}
where coalesce(change_status, '') <> 'rejected'
union all
select
    'change_control' as workflow,
    change_request_id as subject_id,
    'carrying_through' as stage,
    cast(approved_on as {{ type_moment() }}) as entered_at
from {{ ref('fct_change_request') }}
where is_approved
union all
select
    'change_control' as workflow,
    changes.change_request_id as subject_id,
    'carried_through' as stage,
    cast(null as {{ type_moment() }}) as entered_at
from {{ ref('fct_change_request') }} as changes
inner join carried
    on changes.change_request_id = carried.change_request_id
where changes.is_approved and carried.is_carried_through
union all
select
    'billing_approval' as workflow,
    invoices.invoice_id as subject_id,
    'draft' as stage,
    documents.created_at as entered_at
from {{ ref('fct_invoice') }} as invoices
inner join {{ ref('stg_netsuite__transactions') }} as documents
    on invoices.instance = documents.instance and invoices.source_id = documents.transaction_id
where invoices.document_type = 'invoice'
union all
select
    'billing_approval' as workflow,
    invoice_id as subject_id,
    'posted' as stage,
    cast(null as {{ type_moment() }}) as entered_at
from {{ ref('fct_invoice') }}
where document_type = 'invoice' and invoice_status <> 'draft'
union all
select
    'project_closure' as workflow,
    project_id as subject_id,
    'winding_up' as stage,
    cast({{ add_days('end_date', 1) }} as {{ type_moment() }}) as entered_at
from {{ ref('dim_project') }}
where is_chargeable and end_date < {{ as_of_date() }}
union all
select
    'project_closure' as workflow,
    project_id as subject_id,
    'closed' as stage,
    cast(null as {{ type_moment() }}) as entered_at
from {{ ref('dim_project') }}
where is_chargeable and end_date < {{ as_of_date() }} and project_status in ('closed', 'archived')
