with entries as (
    select * from {{ ref('stg_kantata__time_entries') }}
),

-- list price per role, currency and day: one published row or none, an overlap gives no answer
priced_days as (
    select distinct instance, instance || ':' || role_id as role_id, currency, work_date
    from entries
    where role_id is not null
),

list_rates as (
    select
        days.role_id,
        days.currency,
        days.work_date,
        min(lines.rate) as rate
    from priced_days as days
    inner join {{ ref('dim_rate_card_line') }} as lines
        on days.instance = lines.instance
        and days.role_id = lines.role_id
        and days.currency = lines.currency
        and days.work_date >= lines.valid_from
        and days.work_date <= {{ open_end('lines.valid_to') }}
    where lines.is_account_default
        and lines.is_published
    group by days.role_id, days.currency, days.work_date
    having count(*) = 1
),

productive_tasks as (
    select
        stories.instance,
        stories.story_id
    from {{ ref('stg_kantata__stories') }} as stories
    inner join {{ ref('productive_work') }} as policy
        on lower(trim(stories.title)) = lower(trim(policy.task_title))
)

select
    {{ canonical_id('entries.time_entry_id', 'entries.instance') }} as time_entry_id,
    entries.instance,
    entries.time_entry_id as source_id,
    coalesce(users.resource_id, entries.instance || ':' || entries.user_id) as resource_id,
    entries.instance || ':' || entries.workspace_id as project_id,
    {{ canonical_id('entries.story_id', 'entries.instance') }} as task_id,
    {{ canonical_id('entries.role_id', 'entries.instance') }} as role_id,
    entries.work_date,
    entries.hours,
    case when entries.notes is not null then md5(entries.notes) end as notes_hash,
    coalesce(entries.is_billable, false) as is_billable,
    coalesce(entries.is_billable, false)
    or (coalesce(entries.is_approved, false) and productive_tasks.story_id is not null) as is_productive,
    coalesce(entries.is_approved, false) as is_approved,
    entries.active_submission_id is not null as is_submitted,
    coalesce(entries.is_invoiced, false) as is_invoiced,
    {{ canonical_id('entries.psa_invoice_id', 'entries.instance') }} as psa_invoice_id,
    psa_invoices.invoice_id,
    entries.currency,
    entries.bill_rate,
    {{ round_money(product('entries.hours', 'entries.bill_rate'), 'entries.currency') }} as bill_amount,
    list_rates.rate as standard_rate,
    nullif(cost_rates.cost_rate, 0) as cost_rate,
    cost_rates.currency as cost_rate_currency,
    {{ round_money(
        product('entries.hours', 'nullif(cost_rates.cost_rate, 0)')
        ~ ' * case when cost_rates.currency = entities.functional_currency then cast(1 as decimal(18, 8)) else cast(cost_fx.rate as decimal(18, 8)) end',
        'entities.functional_currency'
    ) }} as cost_amount,
    case when nullif(cost_rates.cost_rate, 0) is not null then entities.functional_currency end as cost_currency,
    projects.legal_entity_id as project_legal_entity_id,
    teams.legal_entity_id as employing_legal_entity_id,
    teams.practice_id,
    teams.business_unit_id,
    entries.created_at as source_created_at,
    entries.source_modified_at,
    entries.loaded_at
from entries
left join {{ ref('int_resource_users') }} as users
    on entries.instance || ':' || entries.user_id = users.psa_user_id
left join {{ ref('dim_project') }} as projects
    on entries.instance || ':' || entries.workspace_id = projects.project_id
left join {{ ref('dim_resource_team') }} as teams
    on users.resource_id = teams.resource_id
    and entries.work_date >= teams.valid_from
    and entries.work_date <= {{ open_end('teams.valid_to') }}
left join {{ ref('dim_legal_entity') }} as entities
    on teams.legal_entity_id = entities.legal_entity_id
left join {{ ref('dim_resource_cost_rate') }} as cost_rates
    on users.resource_id = cost_rates.resource_id
    and cost_rates.source = 'hr_pay'
    and entries.work_date >= cost_rates.valid_from
    and entries.work_date <= {{ open_end('cost_rates.valid_to') }}
left join {{ ref('fct_fx_rate') }} as cost_fx
    on cost_rates.currency = cost_fx.from_currency
    and entities.functional_currency = cost_fx.to_currency
    and cost_fx.rate_type = 'average'
    and {{ month_start('entries.work_date') }} = cost_fx.rate_date
left join {{ ref('int_psa_invoice_documents') }} as psa_invoices
    on entries.instance || ':' || entries.psa_invoice_id = psa_invoices.psa_invoice_id
left join list_rates
    on entries.instance || ':' || entries.role_id = list_rates.role_id
    and entries.currency = list_rates.currency
    and entries.work_date = list_rates.work_date
left join productive_tasks
    on entries.instance = productive_tasks.instance
    and entries.story_id = productive_tasks.story_id
