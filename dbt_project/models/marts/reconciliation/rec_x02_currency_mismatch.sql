with settings as (

    select
        *,
        cast({{ check_parameter('X02', 'rate_share') }} as decimal(18, 8)) as rate_share
    from {{ ref('rec_check_setting') }}
    where check_id = 'X02'

),

line_counts as (

    select invoice_id, count(*) as line_count
    from {{ ref('fct_invoice_line') }}
    group by invoice_id

),

documents as (

    select
        invoices.*,
        projects.business_unit_id,
        projects.practice_id,
        entities.functional_currency,
        coalesce(contracts.currency, projects.currency) as contract_currency,
        rates.rate as table_rate,
        originals.exchange_rate as original_rate,
        coalesce(line_counts.line_count, 0) + 1 as line_count,
        {{ product('invoices.gross_amount', 'invoices.exchange_rate') }} as converted_amount
    from {{ ref('fct_invoice') }} as invoices
    left join {{ ref('dim_legal_entity') }} as entities
        on invoices.legal_entity_id = entities.legal_entity_id
    left join {{ ref('dim_project') }} as projects
        on invoices.project_id = projects.project_id
    left join {{ ref('dim_contract') }} as contracts
        on projects.contract_id = contracts.contract_id
    left join {{ ref('fct_fx_rate') }} as rates
        on invoices.currency = rates.from_currency
        and entities.functional_currency = rates.to_currency
        and rates.rate_type = 'spot'
        and invoices.invoice_date = rates.rate_date
    left join {{ ref('fct_invoice') }} as originals
        on invoices.credited_invoice_id = originals.invoice_id
    left join line_counts
        on invoices.invoice_id = line_counts.invoice_id
    where invoices.invoice_status in ('open', 'paid')

),

mismatches as (

    select
        documents.*,
        'currency' as reason,
        net_amount as amount,
        currency as amount_currency,
        'is in ' || currency || ', the contract in ' || contract_currency || '.' as what
    from documents
    where currency <> contract_currency
    union all
    select
        documents.*,
        'rate' as reason,
        abs({{ product('documents.net_amount', 'documents.exchange_rate - documents.table_rate') }}) as amount,
        functional_currency as amount_currency,
        'uses the rate ' || {{ number_text('documents.exchange_rate', 6) }} || ', the table says ' || {{ number_text('documents.table_rate', 6) }} || '.' as what
    from documents
    cross join settings
    where currency <> functional_currency
        and abs(exchange_rate - table_rate) > settings.rate_share * table_rate
        and exchange_rate is distinct from original_rate
    union all
    select
        documents.*,
        'conversion' as reason,
        abs(gross_amount_fc - converted_amount) as amount,
        functional_currency as amount_currency,
        'stands at ' || {{ money_text('documents.gross_amount_fc', 'documents.functional_currency') }} || ' in the books, converted it is '
        || {{ money_text('documents.converted_amount', 'documents.functional_currency') }} || '.' as what
    from documents
    where currency <> functional_currency
        and abs(gross_amount_fc - converted_amount) > {{ rounding_allowance('functional_currency', 'line_count') }}

),

broken as (

    select
        mismatches.invoice_id || '|' || mismatches.reason as matching_key,
        '' as period,
        {{ money_severity('mismatches.amount', 'mismatches.gross_amount_fc', 'settings.severity') }} as severity,
        'Currency or exchange rate of an invoice is wrong' as title,
        'Invoice ' || mismatches.invoice_number || ' ' || mismatches.what as explanation,
        'invoice' as subject_type,
        mismatches.invoice_id as subject_id,
        mismatches.invoice_number as subject_name,
        mismatches.customer_id,
        mismatches.project_id,
        mismatches.legal_entity_id,
        mismatches.business_unit_id,
        mismatches.practice_id,
        mismatches.amount as amount_at_risk,
        mismatches.amount_currency as currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        mismatches.invoice_date as occurred_on
    from mismatches
    cross join settings

)

{{ finding_rows('X02', 'broken') }}
