-- What a project earned and cost in each month, and where it stands at the month end against its baseline. Estimates are those
-- of the last month end estimated; cost is approved time at the rate of the day, expenses and subcontractors.
with money as (

    select
        entries.project_id,
        {{ month_start('entries.work_date') }} as month,
        entries.cost_currency as currency,
        case when resources.is_contractor then 'subcontract_cost' else 'labour_cost' end as measure,
        sum(entries.cost_amount) as amount
    from {{ ref('fct_time_entry') }} as entries
    left join {{ ref('dim_resource') }} as resources
        on entries.resource_id = resources.resource_id
    where entries.is_approved and entries.cost_amount is not null and entries.work_date <= {{ as_of_date() }}
    group by
        entries.project_id, {{ month_start('entries.work_date') }}, entries.cost_currency,
        case when resources.is_contractor then 'subcontract_cost' else 'labour_cost' end
    union all
    select
        project_id,
        {{ month_start('work_date') }} as month,
        currency,
        'standard_value' as measure,
        sum({{ product('hours', 'standard_rate') }}) as amount
    from {{ ref('fct_time_entry') }}
    where is_approved and is_billable and work_date <= {{ as_of_date() }}
    group by project_id, {{ month_start('work_date') }}, currency
    union all
    -- an expense the customer pays back is revenue and cost alike; without such a contract it is ours
    select
        expenses.project_id,
        {{ month_start('expenses.expense_date') }} as month,
        expenses.currency,
        case when expenses.is_billable and projects.contract_type = 'time_and_materials' then 'pass_through' else 'expense_cost' end as measure,
        sum(expenses.amount) as amount
    from {{ ref('fct_expense') }} as expenses
    inner join {{ ref('dim_project') }} as projects
        on expenses.project_id = projects.project_id
    where expenses.is_approved and expenses.expense_date <= {{ as_of_date() }}
    group by
        expenses.project_id, {{ month_start('expenses.expense_date') }}, expenses.currency,
        case when expenses.is_billable and projects.contract_type = 'time_and_materials' then 'pass_through' else 'expense_cost' end

),

converted as (

    select
        money.project_id,
        money.month,
        money.measure,
        {{ round_money(product('money.amount', 'to_project.rate'), 'projects.currency') }} as amount_tc,
        {{ round_money(product('money.amount', 'to_reporting.rate'), 'firm.reporting_currency') }} as amount_rc
    from money
    inner join {{ ref('dim_project') }} as projects
        on money.project_id = projects.project_id and projects.is_chargeable
    cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
    left join {{ ref('fct_fx_rate') }} as to_project
        on money.currency = to_project.from_currency
        and projects.currency = to_project.to_currency
        and money.month = to_project.rate_date
        and to_project.rate_type = 'average'
    left join {{ ref('fct_fx_rate') }} as to_reporting
        on money.currency = to_reporting.from_currency
        and firm.reporting_currency = to_reporting.to_currency
        and money.month = to_reporting.rate_date
        and to_reporting.rate_type = 'average'

),

facts as (

    select project_id, month, measure, amount_tc, amount_rc from converted
    union all
    select project_id, month, 'revenue' as measure, revenue_tc as amount_tc, revenue_rc as amount_rc
    from {{ ref('fct_revenue_month') }}
    union all
    select project_id, {{ month_start('period_end') }} as month, 'estimate' as measure, 0 as amount_tc, 0 as amount_rc
    from {{ ref('fct_project_estimate') }}
    where estimate_type = 'earned_value' and is_approved and period_end <= {{ as_of_date() }}

)

select
    facts.project_id,
    projects.customer_id,
    projects.legal_entity_id,
    projects.practice_id,
    projects.business_unit_id,
    projects.contract_type,
    facts.month,
    projects.currency,
    {% for measure in ['revenue', 'pass_through', 'labour_cost', 'subcontract_cost', 'expense_cost', 'standard_value'] %}
    {% for currency in ['tc', 'rc'] %}
    cast(sum(case when facts.measure = '{{ measure }}' then facts.amount_{{ currency }} end) as decimal(18, 4)) as {{ measure }}_{{ currency }},
    {% endfor %}
    {% endfor %}
    coalesce(bool_or(facts.measure = 'revenue' and facts.amount_rc is null), false) as is_revenue_unknown,
    {{ month_end('facts.month') }} >= {{ as_of_date() }} as is_open_month
from facts
inner join {{ ref('dim_project') }} as projects
    on facts.project_id = projects.project_id
group by
    facts.project_id, projects.customer_id, projects.legal_entity_id, projects.practice_id, projects.business_unit_id,
    projects.contract_type, facts.month, projects.currency
