{#
  Cross charges between companies of the group. The provider's document is positive and the receiver's negative in the same
  currency, so that a sound pair cancels. Partners are told by the partner code of the lines, never by a name.
#}
with sides as (
    select
        lines.document_id,
        lines.instance,
        case lines.account_role when 'intercompany_revenue' then 'provider' else 'receiver' end as direction,
        lines.document_number,
        lines.legal_entity_id,
        min(partners.legal_entity_id) as partner_entity_id,
        lines.document_date,
        lines.posting_period_start,
        lines.currency,
        lines.functional_currency,
        -sum(lines.amount_tc) as amount_tc,
        -sum(lines.amount_fc) as amount_fc,
        sum(document_lines.quantity) as hours
    from {{ ref('fct_journal_line') }} as lines
    inner join {{ ref('stg_netsuite__transaction_lines') }} as document_lines
        on lines.journal_line_id = document_lines.instance || ':' || document_lines.transaction_id || ':' || document_lines.line_id
    left join {{ ref('int_erp_entities') }} as partners
        on document_lines.instance = partners.instance
        and document_lines.partner_subsidiary_id = partners.subsidiary_id
    where lines.account_role in ('intercompany_revenue', 'intercompany_cost')
    group by
        lines.document_id, lines.instance, lines.account_role, lines.document_number, lines.legal_entity_id, lines.document_date,
        lines.posting_period_start, lines.currency, lines.functional_currency
)

select
    sides.document_id,
    sides.instance,
    sides.direction,
    sides.document_number,
    sides.legal_entity_id,
    sides.partner_entity_id,
    sides.document_date,
    sides.posting_period_start,
    sides.currency,
    cast(sides.amount_tc as decimal(18, 4)) as amount_tc,
    sides.functional_currency,
    cast(sides.amount_fc as decimal(18, 4)) as amount_fc,
    cast(sides.hours as decimal(12, 4)) as hours,
    {{ canonical_id('documents.paired_transaction_id', 'documents.instance') }} as paired_document_id,
    documents.source_modified_at,
    documents.loaded_at
from sides
inner join {{ ref('stg_netsuite__transactions') }} as documents
    on sides.document_id = documents.instance || ':' || documents.transaction_id
