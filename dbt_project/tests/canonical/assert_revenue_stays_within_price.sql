-- Fixed fee and retainer revenue to date went above the price, or time and materials above the agreed ceiling.
with to_date as (
    select
        revenue.project_id,
        sum(revenue.revenue_tc) as revenue_tc
    from {{ ref('fct_revenue_month') }} as revenue
    group by revenue.project_id
)

select
    to_date.project_id,
    to_date.revenue_tc
from to_date
inner join {{ ref('dim_project') }} as projects
    on to_date.project_id = projects.project_id
left join {{ ref('dim_contract') }} as contracts
    on projects.contract_id = contracts.contract_id
where (projects.contract_type in ('fixed_fee', 'retainer') and to_date.revenue_tc > projects.budget_amount)
    or (projects.contract_type = 'time_and_materials' and to_date.revenue_tc > contracts.not_to_exceed)
