{# Price and days of each retainer, from the contract's dates, else the project's. #}
with terms as (
    select
        projects.project_id,
        projects.contract_id,
        projects.project_status,
        projects.currency,
        projects.budget_amount,
        coalesce(contracts.start_date, projects.start_date) as first_day,
        coalesce(contracts.end_date, projects.end_date) as last_day
    from {{ ref('dim_project') }} as projects
    left join {{ ref('dim_contract') }} as contracts
        on projects.contract_id = contracts.contract_id
    where projects.contract_type = 'retainer'
        and coalesce(projects.project_status, 'active') <> 'draft'
)

select * from terms
where last_day >= first_day
