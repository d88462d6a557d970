{# What is wrong with a pair: a side is missing or doubled, period or amount differ, or the price is not the one in force. #}
with documents as (

    select
        *,
        coalesce(document_number, document_id) || '|' || least(legal_entity_id, partner_entity_id) || '|' || greatest(legal_entity_id, partner_entity_id) as pair
    from {{ ref('fct_intercompany_document') }}

),

counted as (

    select
        pair,
        count(case when direction = 'provider' then 1 end) as providers,
        count(case when direction = 'receiver' then 1 end) as receivers,
        min(document_id) as any_document_id
    from documents
    group by pair

),

pairs as (

    select
        providers.*,
        receivers.posting_period_start as receiver_period,
        receivers.amount_tc as receiver_amount,
        receivers.currency as receiver_currency
    from documents as providers
    inner join documents as receivers
        on providers.pair = receivers.pair and providers.direction = 'provider' and receivers.direction = 'receiver'
    inner join counted
        on providers.pair = counted.pair and counted.providers = 1 and counted.receivers = 1

),

priced as (

    select
        documents.document_id,
        count(*) as lines,
        sum(abs(lines.quantity * (coalesce(lines.rate, 0) - prices.price_per_hour))) as amount,
        count(case when coalesce(lines.rate, 0) = 0 then 1 end) as unpriced_lines
    from documents
    inner join {{ ref('stg_netsuite__transaction_lines') }} as lines
        on documents.document_id = lines.instance || ':' || lines.transaction_id and lines.quantity is not null
    inner join {{ ref('fct_journal_line') }} as journal_lines
        on documents.document_id || ':' || lines.line_id = journal_lines.journal_line_id
    inner join {{ ref('dim_project') }} as projects
        on journal_lines.project_id = projects.project_id
    inner join {{ ref('dim_role') }} as roles
        on projects.instance = roles.instance and lines.source_ref = roles.source_id
    left join {{ ref('dim_transfer_price') }} as prices
        on documents.legal_entity_id = prices.legal_entity_id
        and roles.role_name = prices.role_name
        and documents.document_date >= prices.valid_from
        and documents.document_date <= {{ open_end('prices.valid_to') }}
    where documents.direction = 'provider'
        and (prices.price_per_hour is null or coalesce(lines.rate, 0) = 0 or abs(lines.rate - prices.price_per_hour) > cast(0.005 as decimal(18, 8)))
    group by documents.document_id

)

select
    'one_sided' as reason, documents.document_id, cast(abs(documents.amount_tc) as decimal(18, 4)) as amount,
    'has ' || {{ as_text('counted.providers') }} || ' document of the provider and ' || {{ as_text('counted.receivers') }} || ' of the receiver.' as what
from counted
inner join documents on counted.any_document_id = documents.document_id
where counted.providers <> 1 or counted.receivers <> 1
union all
select
    'period' as reason, document_id, cast(abs(amount_tc) as decimal(18, 4)) as amount,
    'is posted in ' || {{ month_text('posting_period_start') }} || ' by the provider and in ' || {{ month_text('receiver_period') }} || ' by the receiver.' as what
from pairs
where posting_period_start <> receiver_period
union all
select
    'amount' as reason, document_id, cast(abs(amount_tc + receiver_amount) as decimal(18, 4)) as amount,
    'does not cancel: ' || {{ money_text('amount_tc', 'currency') }} || ' against ' || {{ money_text('receiver_amount', 'receiver_currency') }} || '.' as what
from pairs
where amount_tc + receiver_amount <> 0 or currency is distinct from receiver_currency
union all
select
    'price' as reason, document_id, cast(amount as decimal(18, 4)) as amount,
    'has ' || {{ as_text('lines') }} || ' lines at another price than the agreement in force'
    || case when unpriced_lines > 0 then ', ' || {{ as_text('unpriced_lines') }} || ' of them without any.' else '.' end as what
from priced
