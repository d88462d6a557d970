{# What the general ledger holds, in the primary book only: a second book repeats every posting of its company. #}
with postings as (
    select lines.*
    from {{ ref('stg_netsuite__accounting_lines') }} as lines
    inner join {{ ref('stg_netsuite__accounting_books') }} as books
        on lines.instance = books.instance
        and lines.book_id = books.book_id
    where coalesce(books.is_primary, false)
        and coalesce(lines.is_posting, false)
),

document_lines as (
    select
        *,
        case when is_main_line then line_amount else -line_amount end as debit_amount
    from {{ ref('stg_netsuite__transaction_lines') }}
),

jobs as (
    select erp_job_id, project_id
    from {{ ref('int_project_jobs') }}
    where is_one_to_one
)

select
    postings.instance || ':' || postings.transaction_id || ':' || postings.line_id as journal_line_id,
    postings.instance,
    postings.instance || ':' || postings.transaction_id as document_id,
    case documents.transaction_type
        when 'CustInvc' then 'invoice'
        when 'CustCred' then 'credit_note'
        when 'CustPymt' then 'payment'
        when 'Journal' then 'journal'
        when 'FxReval' then 'valuation'
        when 'VendBill' then 'supplier_bill'
        else 'other'
    end as document_type,
    documents.transaction_number as document_number,
    entities.legal_entity_id,
    accounts.gl_account_id,
    accounts.account_role,
    {{ month_start('coalesce(periods.period_start, documents.transaction_date)') }} as posting_period_start,
    documents.transaction_date as document_date,
    jobs.project_id,
    projects.contract_id,
    currencies.currency,
    document_lines.debit_amount as amount_tc,
    postings.exchange_rate,
    entities.functional_currency,
    postings.debit_amount as debit_fc,
    postings.credit_amount as credit_fc,
    postings.line_amount as amount_fc,
    coalesce(document_lines.memo, documents.memo) as description,
    postings.source_modified_at,
    postings.loaded_at
from postings
inner join {{ ref('stg_netsuite__transactions') }} as documents
    on postings.instance = documents.instance
    and postings.transaction_id = documents.transaction_id
left join document_lines
    on postings.instance = document_lines.instance
    and postings.transaction_id = document_lines.transaction_id
    and postings.line_id = document_lines.line_id
left join {{ ref('dim_gl_account') }} as accounts
    on postings.instance || ':' || postings.account_id = accounts.gl_account_id
left join {{ ref('stg_netsuite__currencies') }} as currencies
    on documents.instance = currencies.instance
    and documents.currency_id = currencies.currency_id
left join {{ ref('int_erp_entities') }} as entities
    on documents.instance = entities.instance
    and documents.subsidiary_id = entities.subsidiary_id
left join {{ ref('stg_netsuite__accounting_periods') }} as periods
    on documents.instance = periods.instance
    and documents.period_id = periods.period_id
left join jobs
    on document_lines.instance || ':' || document_lines.job_id = jobs.erp_job_id
left join {{ ref('dim_project') }} as projects
    on jobs.project_id = projects.project_id
where not coalesce(documents.is_voided, false)
