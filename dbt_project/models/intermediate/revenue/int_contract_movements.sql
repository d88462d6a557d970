{#
  What moves a contract's position in a month: recognised by our own methods, billed by posted documents (credit notes
  negative), and what the general ledger posted for it. Positions are never netted across contracts; a contract that two
  companies fulfil has a position in each.
#}
{% set measures = [
    'revenue_tc',
    'billed_tc',
    'billed_fc',
    'ledger_revenue_tc',
    'ledger_unbilled_tc',
    'ledger_deferred_tc',
    'ledger_revenue_fc',
    'exchange_difference_fc',
    'write_off_fc',
    'ledger_position_fc',
] %}
with recognised as (
    select
        coalesce(projects.contract_id, projects.project_id) as position_scope,
        projects.contract_id,
        revenue.legal_entity_id,
        revenue.currency,
        revenue.month,
        sum(revenue.revenue_tc) as revenue_tc
    from {{ ref('fct_revenue_month') }} as revenue
    inner join {{ ref('dim_project') }} as projects
        on revenue.project_id = projects.project_id
    where revenue.revenue_tc is not null
    group by projects.contract_id, projects.project_id, revenue.legal_entity_id, revenue.currency, revenue.month
),

billed as (
    select
        coalesce(projects.contract_id, projects.project_id) as position_scope,
        projects.contract_id,
        invoices.legal_entity_id,
        invoices.currency,
        invoices.posting_period_start as month,
        sum(lines.net_amount) as billed_tc,
        sum(lines.net_amount_fc) as billed_fc
    from {{ ref('fct_invoice_line') }} as lines
    inner join {{ ref('fct_invoice') }} as invoices
        on lines.invoice_id = invoices.invoice_id
    inner join {{ ref('dim_project') }} as projects
        on lines.project_id = projects.project_id
    where invoices.invoice_status in ('open', 'paid')
    group by projects.contract_id, projects.project_id, invoices.legal_entity_id, invoices.currency, invoices.posting_period_start
),

posted as (
    select
        coalesce(contract_id, project_id) as position_scope,
        contract_id,
        legal_entity_id,
        currency,
        posting_period_start as month,
        sum(case when account_role = 'revenue' then -amount_tc else 0 end) as ledger_revenue_tc,
        sum(case when account_role = 'unbilled' then amount_tc else 0 end) as ledger_unbilled_tc,
        sum(case when account_role = 'deferred' then -amount_tc else 0 end) as ledger_deferred_tc,
        sum(case when account_role = 'revenue' then -amount_fc else 0 end) as ledger_revenue_fc,
        sum(case when account_role = 'exchange_difference' then -amount_fc else 0 end) as exchange_difference_fc,
        sum(case when account_role = 'write_off' then -amount_fc else 0 end) as write_off_fc,
        sum(case when account_role in ('unbilled', 'deferred') then amount_fc else 0 end) as ledger_position_fc
    from {{ ref('fct_journal_line') }}
    where project_id is not null
        and account_role in ('revenue', 'unbilled', 'deferred', 'exchange_difference', 'write_off')
    group by coalesce(contract_id, project_id), contract_id, legal_entity_id, currency, posting_period_start
),

movements as (
    {% for relation, given in [('recognised', measures[:1]), ('billed', measures[1:3]), ('posted', measures[3:])] %}
    select
        position_scope,
        contract_id,
        legal_entity_id,
        currency,
        month,
        {{ columns_or_zero(measures, given) }}
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    position_scope,
    contract_id,
    legal_entity_id,
    currency,
    month,
    {{ columns_of(measures, 'cast(sum(#) as decimal(18, 4)) as #') }}
from movements
group by position_scope, contract_id, legal_entity_id, currency, month
