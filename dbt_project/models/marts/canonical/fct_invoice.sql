with documents as (
    select
        *,
        instance || ':' || transaction_id as invoice_id
    from {{ ref('stg_netsuite__transactions') }}
    where transaction_type in ('CustInvc', 'CustCred')
),

totals as (
    select
        instance || ':' || transaction_id as invoice_id,
        sum(case when not coalesce(is_tax_line, false) and not coalesce(is_main_line, false) then line_amount else 0 end) as net_amount,
        sum(case when is_tax_line then line_amount else 0 end) as tax_amount,
        sum(case when is_main_line then line_amount_fc else 0 end) as gross_amount_fc
    from {{ ref('stg_netsuite__transaction_lines') }}
    group by instance || ':' || transaction_id
),

projects as (
    select
        lines.invoice_id,
        case when count(distinct lines.project_id) = 1 then min(lines.project_id) end as project_id
    from {{ ref('fct_invoice_line') }} as lines
    group by lines.invoice_id
),

credits as (
    select
        instance || ':' || settling_id as invoice_id,
        case when count(distinct invoice_id) = 1 then min(instance || ':' || invoice_id) end as credited_invoice_id
    from {{ ref('stg_netsuite__transaction_links') }}
    where link_type_code = 'CreditMemoApplication'
    group by instance || ':' || settling_id
),

reporting as (
    select entities.functional_currency as currency
    from {{ ref('stg_config__firm') }} as firm
    inner join {{ ref('dim_legal_entity') }} as entities
        on firm.reporting_entity = entities.legal_entity_id
),

valued as (
    select
        documents.*,
        currencies.currency,
        entities.legal_entity_id,
        entities.functional_currency,
        {{ month_start('coalesce(periods.period_start, documents.transaction_date)') }} as posting_period_start,
        coalesce(totals.net_amount, 0) as net_amount,
        coalesce(totals.tax_amount, 0) as tax_amount,
        totals.gross_amount_fc,
        {{ round_money(product('coalesce(totals.net_amount, 0)', 'documents.exchange_rate'), 'entities.functional_currency') }} as net_amount_fc
    from documents
    left join totals on documents.invoice_id = totals.invoice_id
    left join {{ ref('stg_netsuite__currencies') }} as currencies
        on documents.instance = currencies.instance
        and documents.currency_id = currencies.currency_id
    left join {{ ref('int_erp_entities') }} as entities
        on documents.instance = entities.instance
        and documents.subsidiary_id = entities.subsidiary_id
    left join {{ ref('stg_netsuite__accounting_periods') }} as periods
        on documents.instance = periods.instance
        and documents.period_id = periods.period_id
)

select
    valued.invoice_id,
    valued.instance,
    valued.transaction_id as source_id,
    valued.transaction_number as invoice_number,
    case when valued.transaction_type = 'CustCred' then 'credit_note' else 'invoice' end as document_type,
    members.customer_id,
    valued.customer_id as erp_customer_id,
    projects.project_id,
    project_facts.opportunity_id,
    valued.legal_entity_id,
    valued.transaction_date as invoice_date,
    valued.due_date,
    valued.posting_period_start,
    case when coalesce(valued.is_voided, false) then 'voided' else status_map.canonical_value end as invoice_status,
    valued.status_code,
    valued.currency,
    cast(valued.net_amount as decimal(18, 4)) as net_amount,
    cast(valued.tax_amount as decimal(18, 4)) as tax_amount,
    valued.gross_amount,
    valued.unpaid_amount as open_amount,
    cast(valued.gross_amount_fc as decimal(18, 4)) as gross_amount_fc,
    cast(case
        when valued.unpaid_amount = 0 then 0
        else valued.gross_amount_fc
            - {{ round_money(product('valued.gross_amount - valued.unpaid_amount', 'valued.exchange_rate'), 'valued.functional_currency') }}
    end as decimal(18, 4)) as open_amount_fc,
    valued.exchange_rate,
    valued.net_amount_fc,
    {{ round_money(product('valued.net_amount_fc', 'rates.rate'), 'reporting.currency') }} as net_amount_rc,
    coalesce(valued.is_disputed, false) as is_disputed,
    valued.dispute_opened_on,
    valued.dispute_closed_on,
    links.psa_invoice_id,
    credits.credited_invoice_id,
    valued.source_modified_at,
    valued.loaded_at
from valued
cross join reporting
left join {{ ref('int_customer_members') }} as members
    on valued.instance || ':customer:' || valued.customer_id = members.record_key
left join projects on valued.invoice_id = projects.invoice_id
left join {{ ref('dim_project') }} as project_facts
    on projects.project_id = project_facts.project_id
left join {{ ref('int_invoice_documents') }} as links
    on valued.invoice_id = links.invoice_id
    and links.link_status = 'linked'
left join credits on valued.invoice_id = credits.invoice_id
left join {{ ref('fct_fx_rate') }} as rates
    on valued.functional_currency = rates.from_currency
    and reporting.currency = rates.to_currency
    and rates.rate_type = 'average'
    and valued.posting_period_start = rates.rate_date
{{ join_value_map('status_map', 'valued', 'invoice_status', 'status_code') }}
