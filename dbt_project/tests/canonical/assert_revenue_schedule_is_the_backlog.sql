-- What is scheduled of a contract is its backlog to the cent: signed value and approved changes less revenue, pass-through apart.
-- A contract in another currency than a project of it, or with revenue that nobody knows, has no figure to compare with.
with signed as (
    select contract_id, sum(amount) as amount
    from {{ ref('fct_contract_amendment') }}
    where effective_on <= {{ as_of_date() }}
    group by contract_id
),

recognised as (
    select
        events.contract_id,
        sum(events.revenue_tc) as amount,
        count(events.revenue_tc) = count(*)
        and sum(case when events.currency = contracts.currency then 0 else 1 end) = 0 as is_comparable
    from {{ ref('fct_revenue_event') }} as events
    inner join {{ ref('dim_contract') }} as contracts
        on events.contract_id = contracts.contract_id
    where events.event_type <> 'billable_expense'
    group by events.contract_id
),

scheduled as (
    select contract_id, sum(revenue_tc) as amount
    from {{ ref('fct_revenue_schedule') }}
    group by contract_id
)

select
    signed.contract_id,
    signed.amount as signed_amount,
    recognised.amount as recognised_amount,
    scheduled.amount as scheduled_amount
from signed
left join recognised on signed.contract_id = recognised.contract_id
left join scheduled on signed.contract_id = scheduled.contract_id
where coalesce(recognised.is_comparable, true)
    and signed.amount - coalesce(recognised.amount, 0) <> coalesce(scheduled.amount, 0)
