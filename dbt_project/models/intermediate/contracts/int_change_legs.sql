{# What each copy of a change's contract holds now, beside the before-image of the change; plan ends are day numbers. #}
with projects as (
    select
        links.opportunity_id,
        projects.currency,
        sum(projects.budget_amount) as budget_amount,
        count(*) as projects,
        max(projects.end_date) as end_date,
        max(case when projects.contract_type in ('fixed_fee', 'milestone') then 1 else 0 end) = 1 as is_scheduled,
        max(projects.source_modified_at) as modified_at
    from {{ ref('bridge_project_opportunity') }} as links
    inner join {{ ref('dim_project') }} as projects
        on links.project_id = projects.project_id
    where coalesce(projects.project_status, 'active') <> 'archived'
    group by links.opportunity_id, projects.currency
),

schedules as (
    select
        links.opportunity_id,
        lines.currency,
        sum(lines.amount) as amount,
        count(*) as lines,
        max(lines.source_modified_at) as modified_at
    from {{ ref('bridge_project_opportunity') }} as links
    inner join {{ ref('fct_billing_schedule_line') }} as lines
        on links.project_id = lines.project_id
    group by links.opportunity_id, lines.currency
),

changes as (
    select
        changes.*,
        opportunities.services_amount,
        opportunities.source_modified_at as deal_modified_at,
        projects.budget_amount,
        projects.projects,
        projects.end_date,
        projects.modified_at as project_modified_at,
        coalesce(projects.is_scheduled, false) as is_scheduled,
        schedules.amount as schedule_amount,
        schedules.lines as schedule_lines,
        schedules.modified_at as schedule_modified_at,
        orders.amount as order_amount,
        orders.source_modified_at as order_modified_at
    from {{ ref('fct_change_request') }} as changes
    left join {{ ref('fct_opportunity') }} as opportunities
        on changes.opportunity_id = opportunities.opportunity_id and changes.currency = opportunities.currency
    left join projects
        on changes.opportunity_id = projects.opportunity_id and changes.currency = projects.currency
    left join schedules
        on changes.opportunity_id = schedules.opportunity_id and changes.currency = schedules.currency
    left join {{ ref('dim_contract') }} as contracts
        on changes.opportunity_id = contracts.opportunity_id and contracts.is_main_contract
    left join {{ ref('fct_purchase_order') }} as orders
        on contracts.contract_id = orders.contract_id and changes.currency = orders.currency
),

legs as (
    {% for leg, expected, before, now, lines, modified, needed in [
        ('crm_amount', 'amount', 'services_before', 'services_amount', '1', 'deal_modified_at', 'amount <> 0'),
        ('psa_budget', 'amount', 'budget_before', 'budget_amount', 'projects', 'project_modified_at', 'amount <> 0'),
        ('psa_schedule', days('planned_end_before', 'planned_end_after'), days("date '2000-01-01'", 'planned_end_before'), days("date '2000-01-01'", 'end_date'), 'null', 'project_modified_at', 'planned_end_after is distinct from planned_end_before'),
        ('erp_schedule', 'amount', 'billing_before', 'schedule_amount', 'schedule_lines', 'schedule_modified_at', 'amount <> 0 and is_scheduled'),
        ('purchase_order', 'amount', 'order_before', 'order_amount', '1', 'order_modified_at', 'amount <> 0 and order_amount is not null'),
    ] %}
    select
        change_request_id,
        instance,
        opportunity_id,
        '{{ leg }}' as leg,
        {{ loop.index }} as leg_order,
        currency,
        is_approved,
        approved_on,
        created_at,
        coalesce({{ needed }}, false) as is_needed,
        cast({{ expected }} as decimal(18, 4)) as expected_delta,
        cast({{ before }} as decimal(18, 4)) as value_before,
        cast({{ now }} as decimal(18, 4)) as value_now,
        cast({{ rounding_allowance('currency', 'coalesce(' ~ lines ~ ', 1)') if leg != 'psa_schedule' else '0' }} as decimal(18, 4)) as tolerance,
        {{ modified }} as copy_modified_at,
        loaded_at
    from changes
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from legs
