-- what customers owed each company at each month end, from documents and cash up to that day, and what was billed in the
-- month; tax is in both, so that they may be divided
with months as (

    select month, month_end from {{ ref('rpt_month') }} where months_back <= {{ var('receivables_months') }} or is_open_month

),

applied as (

    select
        months.month,
        applications.invoice_id,
        sum(applications.amount) as amount
    from {{ ref('fct_payment_application') }} as applications
    inner join months
        on applications.applied_on <= months.month_end
    group by months.month, applications.invoice_id

),

documents as (

    select
        months.month,
        invoices.legal_entity_id,
        invoices.currency,
        invoices.gross_amount,
        case when invoices.invoice_date >= months.month then invoices.gross_amount else 0 end as billed_amount,
        case
            when invoices.document_type = 'invoice' and invoices.due_date < months.month_end
                then greatest(invoices.gross_amount - coalesce(applied.amount, 0), 0)
            else 0
        end as overdue_amount
    from {{ ref('fct_invoice') }} as invoices
    inner join months
        on invoices.invoice_date <= months.month_end
    left join applied
        on invoices.invoice_id = applied.invoice_id and months.month = applied.month
    where invoices.invoice_status in ('open', 'paid')

    union all

    select
        months.month,
        payments.legal_entity_id,
        payments.currency,
        -payments.amount as gross_amount,
        0 as billed_amount,
        0 as overdue_amount
    from {{ ref('fct_payment') }} as payments
    inner join months
        on payments.payment_date <= months.month_end

),

balances as (

    select
        month,
        legal_entity_id,
        currency,
        sum(gross_amount) as open_tc,
        sum(billed_amount) as billed_tc,
        sum(overdue_amount) as overdue_tc
    from documents
    group by month, legal_entity_id, currency

)

select
    balances.month,
    balances.legal_entity_id,
    cast(sum({{ converted('balances.open_tc', 'rates.rate') }}) as decimal(18, 4)) as open_rc,
    cast(sum({{ converted('balances.overdue_tc', 'rates.rate') }}) as decimal(18, 4)) as overdue_rc,
    cast(sum({{ converted('balances.billed_tc', 'averages.rate') }}) as decimal(18, 4)) as billed_rc
from balances
cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
inner join {{ ref('fct_fx_rate') }} as rates
    on balances.currency = rates.from_currency
    and firm.reporting_currency = rates.to_currency
    and balances.month = rates.rate_date
    and rates.rate_type = 'closing'
left join {{ ref('fct_fx_rate') }} as averages
    on balances.currency = averages.from_currency
    and firm.reporting_currency = averages.to_currency
    and balances.month = averages.rate_date
    and averages.rate_type = 'average'
group by balances.month, balances.legal_entity_id
