-- revenue recognised to date less billed to date, netted within a contract and never across contracts or companies
with months as (

    select month, month_end from {{ ref('rpt_month') }} where months_back <= 13 or is_open_month

),

movements as (

    select project_id, currency, month, revenue_tc as amount
    from {{ ref('fct_revenue_month') }}
    union all
    select project_id, currency, {{ month_start('invoice_date') }} as month, -net_amount as amount
    from {{ ref('fct_invoice') }}
    where invoice_status in ('open', 'paid') and project_id is not null

),

positions as (

    select
        months.month,
        projects.legal_entity_id,
        coalesce(projects.contract_id, projects.project_id) as contract_id,
        movements.currency,
        sum(movements.amount) as net_position_tc
    from movements
    inner join months
        on movements.month <= months.month
    inner join {{ ref('dim_project') }} as projects
        on movements.project_id = projects.project_id
    group by months.month, projects.legal_entity_id, coalesce(projects.contract_id, projects.project_id), movements.currency

)

select
    positions.month,
    positions.legal_entity_id,
    cast(sum({{ converted('greatest(positions.net_position_tc, 0)', 'rates.rate') }}) as decimal(18, 4)) as unbilled_rc,
    cast(sum({{ converted('greatest(-positions.net_position_tc, 0)', 'rates.rate') }}) as decimal(18, 4)) as deferred_rc
from positions
inner join {{ ref('fct_fx_rate') }} as rates
    on positions.currency = rates.from_currency
    and positions.month = rates.rate_date
    and rates.rate_type = 'closing'
cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
where rates.to_currency = firm.reporting_currency
group by positions.month, positions.legal_entity_id
