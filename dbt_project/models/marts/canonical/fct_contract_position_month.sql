{#
  Net position = recognised to date - billed to date: unbilled where positive, deferred where negative, per contract and
  never netted across contracts. In document currency a position changes by revenue and billings alone; in functional
  currency exchange differences and write-offs complete the roll-forward, and the ledger says what they were.
#}
{% set figures = {
    'opening_tc': 'revenue_tc_to_date - billed_tc_to_date - revenue_tc + billed_tc',
    'revenue_tc': 'revenue_tc',
    'billings_tc': 'billed_tc',
    'closing_tc': 'revenue_tc_to_date - billed_tc_to_date',
    'recognised_to_date_tc': 'revenue_tc_to_date',
    'billed_to_date_tc': 'billed_tc_to_date',
    'unbilled_tc': 'greatest(revenue_tc_to_date - billed_tc_to_date, 0)',
    'deferred_tc': 'greatest(billed_tc_to_date - revenue_tc_to_date, 0)',
    'ledger_revenue_tc': 'ledger_revenue_tc',
    'ledger_recognised_to_date_tc': 'ledger_revenue_tc_to_date',
    'ledger_unbilled_tc': 'ledger_unbilled_tc_to_date',
    'ledger_deferred_tc': 'ledger_deferred_tc_to_date',
    'ledger_revenue_fc': 'ledger_revenue_fc',
    'billings_fc': 'billed_fc',
    'exchange_difference_fc': 'exchange_difference_fc',
    'write_off_fc': 'write_off_fc',
    'ledger_position_fc': 'ledger_position_fc_to_date',
} %}
{% set moved = ['revenue_tc', 'billed_tc', 'billed_fc', 'ledger_revenue_tc', 'ledger_revenue_fc', 'exchange_difference_fc', 'write_off_fc'] %}
{% set summed = ['revenue_tc', 'billed_tc', 'ledger_revenue_tc', 'ledger_unbilled_tc', 'ledger_deferred_tc', 'ledger_position_fc'] %}
with movements as (
    select * from {{ ref('int_contract_movements') }}
    where month <= {{ as_of_date() }}
),

scopes as (
    select
        position_scope,
        contract_id,
        legal_entity_id,
        currency,
        min(month) as first_month
    from movements
    group by position_scope, contract_id, legal_entity_id, currency
),

months as (
    select distinct {{ month_start('calendar_date') }} as month
    from {{ ref('dim_calendar_day') }}
    where calendar_date <= {{ as_of_date() }}
),

running as (
    select
        scopes.position_scope,
        scopes.contract_id,
        scopes.legal_entity_id,
        scopes.currency,
        months.month,
        {{ columns_of(moved, 'coalesce(movements.#, 0) as #') }},
        {{ columns_of(summed, 'sum(coalesce(movements.#, 0)) over to_date as #_to_date') }}
    from scopes
    inner join months on scopes.first_month <= months.month
    left join movements
        on scopes.position_scope = movements.position_scope
        and scopes.legal_entity_id = movements.legal_entity_id
        and scopes.currency = movements.currency
        and months.month = movements.month
    window to_date as (
        partition by scopes.position_scope, scopes.legal_entity_id, scopes.currency
        order by months.month
        rows between unbounded preceding and current row
    )
)

select
    position_scope || '|' || legal_entity_id || '|' || currency as contract_position_id,
    position_scope,
    contract_id,
    legal_entity_id,
    currency,
    month,
    {{ month_end('month') }} as month_end,
    {{ amounts_of(figures) }}
from running
