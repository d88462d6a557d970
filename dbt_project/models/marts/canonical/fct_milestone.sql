with milestones as (
    select
        *,
        instance || ':' || story_id as milestone_id,
        instance || ':' || workspace_id as project_id
    from {{ ref('stg_kantata__stories') }}
    where story_type = 'milestone'
),

billing as (
    select
        instance || ':' || story_id as milestone_id,
        cast(sum(milestone_amount) as decimal(18, 4)) as milestone_amount,
        min(currency) as currency
    from {{ ref('stg_kantata__billing_milestones') }}
    where story_id is not null
    group by instance || ':' || story_id
),

charges as (
    select
        links.milestone_id,
        charges.instance as erp_instance,
        charges.charge_id,
        stage_map.canonical_value as stage,
        charges.charge_amount,
        charges.source_modified_at,
        charges.loaded_at
    from {{ ref('int_milestone_charges') }} as links
    inner join {{ ref('stg_netsuite__charges') }} as charges
        on links.charge_key = charges.instance || ':' || charges.charge_id
    {{ join_value_map('stage_map', 'charges', 'charge_stage', 'stage_code') }}
    where links.link_status = 'linked'
),

invoiced as (
    select
        lines.milestone_id,
        lines.invoice_id,
        row_number() over (
            partition by lines.milestone_id
            order by invoices.invoice_date desc, invoices.invoice_id desc
        ) as recency
    from {{ ref('fct_invoice_line') }} as lines
    inner join {{ ref('fct_invoice') }} as invoices
        on lines.invoice_id = invoices.invoice_id
    where lines.milestone_id is not null
        and invoices.document_type = 'invoice'
        and coalesce(invoices.invoice_status, 'open') <> 'voided'
)

select
    milestones.milestone_id,
    milestones.instance,
    milestones.story_id as source_id,
    milestones.project_id,
    milestones.title as milestone_title,
    milestones.due_date,
    milestones.baseline_due_date,
    milestones.accepted_on,
    coalesce(milestones.state_code = 'completed', false) as is_complete,
    cast(milestones.percent_complete as decimal(12, 4)) as percent_complete,
    coalesce(
        billing.milestone_amount,
        {{ from_minor('milestones.budget_estimate_minor', 'null', 'projects.currency') }}
    ) as amount,
    coalesce(billing.currency, projects.currency) as currency,
    charges.erp_instance,
    charges.charge_id as erp_schedule_line_id,
    charges.stage as erp_schedule_stage,
    charges.charge_amount as erp_schedule_amount,
    charges.source_modified_at as erp_schedule_modified_at,
    charges.loaded_at as erp_schedule_loaded_at,
    invoiced.invoice_id,
    milestones.source_modified_at,
    milestones.loaded_at
from milestones
inner join {{ ref('dim_project') }} as projects
    on milestones.project_id = projects.project_id
left join billing on milestones.milestone_id = billing.milestone_id
left join charges on milestones.milestone_id = charges.milestone_id
left join invoiced
    on milestones.milestone_id = invoiced.milestone_id
    and invoiced.recency = 1
