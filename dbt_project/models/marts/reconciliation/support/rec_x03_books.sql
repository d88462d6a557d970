{#
  The documents and our own figures beside the general ledger, per company and currency: receivables against their control
  account, revenue and contract positions against theirs, and the roll-forward of contracts in the currency of the books.
#}
with receipts as (

    select
        payments.legal_entity_id,
        payments.currency,
        entities.functional_currency,
        payments.exchange_rate,
        coalesce(applied.amount, 0) - payments.amount as amount_tc
    from {{ ref('fct_payment') }} as payments
    inner join {{ ref('dim_legal_entity') }} as entities
        on payments.legal_entity_id = entities.legal_entity_id
    left join (
        select payment_id, sum(amount) as amount
        from {{ ref('fct_payment_application') }}
        group by payment_id
    ) as applied
        on payments.payment_id = applied.payment_id

),

subledger as (

    select legal_entity_id, currency, open_amount as amount_tc, open_amount_fc as amount_fc
    from {{ ref('fct_invoice') }}
    where invoice_status in ('open', 'paid')
    union all
    select
        legal_entity_id,
        currency,
        amount_tc,
        {{ round_money(product('amount_tc', 'exchange_rate'), 'functional_currency') }} as amount_fc
    from receipts

),

ours as (

    select legal_entity_id, currency, 'receivables' as tie, sum(amount_tc) as amount
    from subledger
    group by legal_entity_id, currency
    union all
    select legal_entity_id, currency, 'receivables in books' as tie, sum(amount_fc) as amount
    from subledger
    group by legal_entity_id, currency
    {% for tie, column in [('revenue', 'recognised_to_date_tc'), ('unbilled', 'unbilled_tc'), ('deferred', 'deferred_tc')] %}
    union all
    select legal_entity_id, currency, '{{ tie }}' as tie, sum({{ column }}) as amount
    from {{ ref('fct_contract_position_month') }}
    where month = {{ month_start(as_of_date()) }}
    group by legal_entity_id, currency
    {% endfor %}
    union all
    select
        legal_entity_id,
        currency,
        'contract roll-forward' as tie,
        sum(ledger_revenue_fc - billings_fc + exchange_difference_fc + write_off_fc) as amount
    from {{ ref('fct_contract_position_month') }}
    group by legal_entity_id, currency

),

ledger as (

    {% for tie, roles, amount in [
        ('receivables', "'receivable'", 'amount_tc'), ('receivables in books', "'receivable'", 'amount_fc'), ('revenue', "'revenue'", '-amount_tc'),
        ('unbilled', "'unbilled'", 'amount_tc'), ('deferred', "'deferred'", '-amount_tc'), ('contract roll-forward', "'unbilled', 'deferred'", 'amount_fc'),
    ] %}
    select legal_entity_id, currency, '{{ tie }}' as tie, sum({{ amount }}) as amount
    from {{ ref('fct_journal_line') }}
    where account_role in ({{ roles }})
    group by legal_entity_id, currency
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    coalesce(ours.tie, ledger.tie) as tie,
    coalesce(ours.legal_entity_id, ledger.legal_entity_id) as legal_entity_id,
    coalesce(ours.currency, ledger.currency) as currency,
    cast(coalesce(ours.amount, 0) as decimal(28, 4)) as our_amount,
    cast(coalesce(ledger.amount, 0) as decimal(28, 4)) as ledger_amount
from ours
full outer join ledger
    on ours.tie = ledger.tie
    and ours.legal_entity_id = ledger.legal_entity_id
    and ours.currency = ledger.currency
