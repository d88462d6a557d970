-- what customers owed at each month end, from documents and cash up to that day; tax is in it on both sides of DSO
with months as (

    select month, month_end from {{ ref('rpt_month') }} where months_back <= 12 or is_open_month

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
        invoices.currency,
        invoices.gross_amount,
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
        payments.currency,
        -payments.amount as gross_amount,
        0 as overdue_amount
    from {{ ref('fct_payment') }} as payments
    inner join months
        on payments.payment_date <= months.month_end

),

balances as (

    select
        month,
        currency,
        sum(gross_amount) as open_tc,
        sum(overdue_amount) as overdue_tc
    from documents
    group by month, currency

)

select
    balances.month,
    cast(sum({{ converted('balances.open_tc', 'rates.rate') }}) as decimal(18, 4)) as open_rc,
    cast(sum({{ converted('balances.overdue_tc', 'rates.rate') }}) as decimal(18, 4)) as overdue_rc
from balances
inner join {{ ref('fct_fx_rate') }} as rates
    on balances.currency = rates.from_currency
    and balances.month = rates.rate_date
    and rates.rate_type = 'closing'
cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
where rates.to_currency = firm.reporting_currency
group by balances.month
