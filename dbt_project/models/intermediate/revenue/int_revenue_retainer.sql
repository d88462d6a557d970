{# Straight line: price x days elapsed / days of the term, from the contract's dates, else the project's. #}
with projects as (
    select
        projects.project_id,
        projects.currency,
        projects.budget_amount,
        coalesce(contracts.start_date, projects.start_date) as first_day,
        coalesce(contracts.end_date, projects.end_date) as last_day
    from {{ ref('dim_project') }} as projects
    left join {{ ref('dim_contract') }} as contracts
        on projects.contract_id = contracts.contract_id
    where projects.contract_type = 'retainer'
        and coalesce(projects.project_status, 'active') <> 'draft'
),

months as (
    select distinct {{ month_start('calendar_date') }} as month
    from {{ ref('dim_calendar_day') }}
    where calendar_date <= {{ as_of_date() }}
),

terms as (
    select
        projects.*,
        months.month,
        least({{ month_end('months.month') }}, projects.last_day, {{ as_of_date() }}) as recognised_to
    from projects
    inner join months
        on months.month >= {{ month_start('projects.first_day') }}
        and months.month <= projects.last_day
    where projects.last_day >= projects.first_day
        and projects.first_day <= {{ as_of_date() }}
),

recognised as (
    select
        project_id,
        month,
        {{ round_money(
            product('budget_amount', ratio(days('first_day', 'recognised_to') ~ ' + 1', days('first_day', 'last_day') ~ ' + 1')),
            'currency'
        ) }} as revenue_to_date
    from terms
)

select
    project_id,
    month,
    'straight_line' as recognition_method,
    cast(
        revenue_to_date
        - coalesce(lag(revenue_to_date) over (partition by project_id order by month), 0)
        as decimal(18, 4)
    ) as revenue_tc
from recognised
