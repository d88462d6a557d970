with lines as (
    select * from {{ ref('stg_netsuite__transaction_lines') }}
    where not coalesce(is_main_line, false)
        and not coalesce(is_tax_line, false)
),

jobs as (
    select erp_job_id, project_id
    from {{ ref('int_project_jobs') }}
    where is_one_to_one
),

milestones as (
    select
        instance,
        instance || ':' || workspace_id as project_id,
        story_id
    from {{ ref('stg_kantata__stories') }}
    where story_type = 'milestone'
)

select
    lines.instance || ':' || lines.transaction_id || ':' || lines.line_id as invoice_line_id,
    lines.instance || ':' || lines.transaction_id as invoice_id,
    jobs.project_id,
    {{ canonical_id('lines.job_id', 'lines.instance') }} as erp_job_id,
    coalesce(lines.source_type_code, 'unspecified') as line_type,
    lines.source_ref,
    lines.memo as description,
    lines.quantity,
    lines.rate,
    lines.price_reason,
    lines.line_amount as net_amount,
    lines.line_amount_fc as net_amount_fc,
    case when milestones.story_id is not null then milestones.instance || ':' || milestones.story_id end as milestone_id,
    lines.service_start,
    lines.service_end
from lines
inner join {{ ref('stg_netsuite__transactions') }} as documents
    on lines.instance = documents.instance
    and lines.transaction_id = documents.transaction_id
left join jobs on lines.instance || ':' || lines.job_id = jobs.erp_job_id
-- the project of the line says which PSA instance its reference means
left join milestones
    on jobs.project_id = milestones.project_id
    and case when lines.source_type_code = 'milestone' then lines.source_ref end = milestones.story_id
where documents.transaction_type in ('CustInvc', 'CustCred')
