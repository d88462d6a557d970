{# Milestone to ERP schedule line: stored reference, external id, then project and amount (same title first). #}
with stories as (
    select * from {{ ref('stg_kantata__stories') }}
    where story_type = 'milestone'
),

charges as (
    select
        charges.*,
        charges.instance || ':' || charges.charge_id as charge_key
    from {{ ref('stg_netsuite__charges') }} as charges
),

stored_refs as (
    select * from {{ ref('stg_kantata__external_references') }}
    where service_name = 'netsuite' and service_model = 'charge' and subject_type = 'Story'
),

job_charges as (
    select
        charges.*,
        project_jobs.project_id
    from charges
    inner join {{ ref('int_project_jobs') }} as project_jobs
        on charges.instance || ':' || charges.job_id = project_jobs.erp_job_id
    where project_jobs.is_one_to_one
),

exact as (
    select
        stories.instance || ':' || stories.story_id as scope,
        charges.charge_key as target_key,
        1 as rung,
        'stored_reference' as method,
        coalesce(job_charges.project_id = stories.instance || ':' || stories.workspace_id, false) as agrees,
        stored_refs.source_modified_at as known_at
    from stored_refs
    inner join stories on stored_refs.instance = stories.instance and stored_refs.subject_id = stories.story_id
    inner join charges on stored_refs.service_ref = charges.charge_id
    left join job_charges on charges.charge_key = job_charges.charge_key
    union all
    select
        stories.instance || ':' || stories.story_id as scope,
        charges.charge_key as target_key,
        2 as rung,
        'external_id' as method,
        coalesce(job_charges.project_id = stories.instance || ':' || stories.workspace_id, false) as agrees,
        charges.source_modified_at as known_at
    from charges
    inner join stories on charges.external_id = stories.story_id
    left join job_charges on charges.charge_key = job_charges.charge_key
),

by_amount as (
    select
        stories.instance || ':' || stories.story_id as scope,
        job_charges.charge_key as target_key,
        4 as rung,
        'project_amount' as method,
        coalesce(lower(trim(job_charges.description)) like '%' || lower(trim(stories.title)) || '%', false) as agrees,
        job_charges.source_modified_at as known_at
    from stories
    inner join {{ ref('stg_kantata__billing_milestones') }} as billing
        on stories.instance = billing.instance
        and stories.story_id = billing.story_id
    inner join job_charges
        on stories.instance || ':' || stories.workspace_id = job_charges.project_id
        and billing.milestone_amount = job_charges.charge_amount
    where job_charges.charge_key not in (select target_key from exact)
),

candidates as (
    select * from exact
    union all
    select * from by_amount
),

picked as (
    {{ ladder('candidates') }}
)

select
    scope as milestone_id,
    target_key as charge_key,
    rung,
    method,
    known_at,
    link_status
from picked
