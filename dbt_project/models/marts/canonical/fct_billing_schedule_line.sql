with charges as (
    select
        *,
        instance || ':' || charge_id as line_key
    from {{ ref('stg_netsuite__charges') }}
),

changes as (
    select
        change_request_id,
        {{ crm_id_key('source_id') }} as id_key,
        count(*) over (partition by {{ crm_id_key('source_id') }}) as same_id_count
    from {{ ref('fct_change_request') }}
)

select
    charges.line_key as billing_schedule_line_id,
    charges.instance,
    charges.charge_id as source_id,
    projects.project_id,
    projects.opportunity_id,
    projects.contract_id,
    {{ canonical_id('charges.job_id', 'charges.instance') }} as erp_project_id,
    entities.legal_entity_id,
    milestones.milestone_id,
    changes.change_request_id,
    charges.description,
    charges.charge_date as planned_date,
    charges.charge_amount as amount,
    currencies.currency,
    case stage_map.canonical_value when 'hold' then 'planned' when 'ready' then 'ready' when 'processed' then 'invoiced' end as schedule_state,
    charges.stage_code,
    {{ canonical_id('charges.invoice_id', 'charges.instance') }} as invoice_id,
    charges.source_modified_at,
    charges.loaded_at
from charges
left join {{ ref('int_project_jobs') }} as jobs
    on charges.instance || ':' || charges.job_id = jobs.erp_job_id
    and jobs.is_one_to_one
left join {{ ref('dim_project') }} as projects
    on jobs.project_id = projects.project_id
left join {{ ref('int_milestone_charges') }} as milestones
    on charges.line_key = milestones.charge_key
    and milestones.link_status = 'linked'
left join changes
    on {{ crm_id_key('charges.external_id') }} = changes.id_key
    and changes.same_id_count = 1
left join {{ ref('stg_netsuite__currencies') }} as currencies
    on charges.instance = currencies.instance
    and charges.currency_id = currencies.currency_id
left join {{ ref('int_erp_entities') }} as entities
    on charges.instance = entities.instance
    and charges.subsidiary_id = entities.subsidiary_id
{{ join_value_map('stage_map', 'charges', 'charge_stage', 'stage_code') }}
