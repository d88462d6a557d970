with placed as (
    select * from {{ ref('int_schedule_milestone') }}
    union all
    select * from {{ ref('int_schedule_retainer') }}
    union all
    select * from {{ ref('int_schedule_effort') }}
),

dated as (
    select
        projects.contract_id,
        placed.project_id,
        placed.month,
        placed.schedule_basis,
        placed.first_day,
        placed.last_day,
        placed.revenue_tc
    from placed
    inner join {{ ref('dim_project') }} as projects
        on placed.project_id = projects.project_id
    inner join {{ ref('int_contract_backlog') }} as backlog
        on projects.contract_id = backlog.contract_id
        and projects.currency = backlog.currency
    where placed.revenue_tc <> 0
),

sums as (
    select contract_id, sum(revenue_tc) as revenue_tc
    from dated
    group by contract_id
),

-- what nothing dates closes the gap to the backlog
complete as (
    select * from dated
    union all
    select
        backlog.contract_id,
        backlog.only_project_id as project_id,
        cast(null as date) as month,
        'undated' as schedule_basis,
        cast(null as date) as first_day,
        cast(null as date) as last_day,
        backlog.backlog_tc - coalesce(sums.revenue_tc, 0) as revenue_tc
    from {{ ref('int_contract_backlog') }} as backlog
    left join sums on backlog.contract_id = sums.contract_id
    where backlog.backlog_tc is null or backlog.backlog_tc <> coalesce(sums.revenue_tc, 0)
),

reporting as (
    select entities.functional_currency as currency
    from {{ ref('stg_config__firm') }} as firm
    inner join {{ ref('dim_legal_entity') }} as entities
        on firm.reporting_entity = entities.legal_entity_id
),

in_functional as (
    select
        complete.*,
        backlog.customer_id,
        backlog.contract_type,
        backlog.currency,
        coalesce(projects.legal_entity_id, backlog.legal_entity_id) as legal_entity_id,
        entities.functional_currency,
        {{ round_money(product('complete.revenue_tc', 'rates.rate'), 'entities.functional_currency') }} as revenue_fc
    from complete
    inner join {{ ref('int_contract_backlog') }} as backlog
        on complete.contract_id = backlog.contract_id
    left join {{ ref('dim_project') }} as projects
        on complete.project_id = projects.project_id
    left join {{ ref('dim_legal_entity') }} as entities
        on coalesce(projects.legal_entity_id, backlog.legal_entity_id) = entities.legal_entity_id
    left join {{ ref('fct_fx_rate') }} as rates
        on backlog.currency = rates.from_currency
        and entities.functional_currency = rates.to_currency
        and rates.rate_type = 'spot'
        and rates.rate_date = {{ as_of_date() }}
)

select
    in_functional.contract_id
    || ':' || coalesce(in_functional.project_id, '')
    || ':' || in_functional.schedule_basis
    || ':' || coalesce(cast(in_functional.month as {{ dbt.type_string() }}), '') as revenue_schedule_id,
    in_functional.contract_id,
    in_functional.project_id,
    in_functional.customer_id,
    in_functional.legal_entity_id,
    in_functional.month,
    case in_functional.contract_type
        when 'time_and_materials' then 'right_to_invoice'
        when 'fixed_fee' then 'percentage_of_completion_by_hours'
        when 'milestone' then 'milestones_accepted'
        when 'retainer' then 'straight_line'
    end as recognition_method,
    in_functional.schedule_basis,
    coalesce(in_functional.contract_type = 'time_and_materials', false) as is_soft,
    in_functional.first_day,
    in_functional.last_day,
    in_functional.currency,
    cast(in_functional.revenue_tc as decimal(18, 4)) as revenue_tc,
    in_functional.revenue_fc,
    {{ round_money(product('in_functional.revenue_fc', 'rates.rate'), 'reporting.currency') }} as revenue_rc
from in_functional
cross join reporting
left join {{ ref('fct_fx_rate') }} as rates
    on in_functional.functional_currency = rates.from_currency
    and reporting.currency = rates.to_currency
    and rates.rate_type = 'spot'
    and rates.rate_date = {{ as_of_date() }}
