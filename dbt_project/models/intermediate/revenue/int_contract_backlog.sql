{#
  Backlog of each contract in its own currency: signed value and approved changes less revenue recognised, both without
  pass-through. It is the backlog of rpt_backlog_month before anything is converted.
#}
with signed as (
    select
        contract_id,
        sum(amount) as signed_tc
    from {{ ref('fct_contract_amendment') }}
    where effective_on <= {{ as_of_date() }}
    group by contract_id
),

recognised as (
    select
        events.contract_id,
        {{ sum_if_known(round_money(product('events.revenue_tc', 'rates.rate'), 'contracts.currency')) }} as recognised_tc,
        count(*) as event_count
    from {{ ref('fct_revenue_event') }} as events
    inner join {{ ref('dim_contract') }} as contracts
        on events.contract_id = contracts.contract_id
    left join {{ ref('fct_fx_rate') }} as rates
        on events.currency = rates.from_currency
        and contracts.currency = rates.to_currency
        and events.month = rates.rate_date
        and rates.rate_type = 'average'
    where events.event_type <> 'billable_expense'
    group by events.contract_id
),

projects as (
    select
        contract_id,
        count(*) as project_count,
        max(project_id) as project_id
    from {{ ref('dim_project') }}
    where contract_id is not null
    group by contract_id
)

select
    contracts.contract_id,
    contracts.customer_id,
    contracts.contract_type,
    contracts.legal_entity_id,
    contracts.currency,
    case when projects.project_count = 1 then projects.project_id end as only_project_id,
    cast(signed.signed_tc as decimal(18, 4)) as signed_tc,
    cast(case when recognised.event_count is null then 0 else recognised.recognised_tc end as decimal(18, 4)) as recognised_tc,
    cast(
        signed.signed_tc - case when recognised.event_count is null then 0 else recognised.recognised_tc end
        as decimal(18, 4)
    ) as backlog_tc
from {{ ref('dim_contract') }} as contracts
inner join signed on contracts.contract_id = signed.contract_id
left join projects on contracts.contract_id = projects.contract_id
left join recognised on contracts.contract_id = recognised.contract_id
