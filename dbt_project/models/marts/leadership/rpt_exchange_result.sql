-- Exchange differences of receivables in a foreign currency: open amounts at the closing rate, settled ones at the rate of the day
-- they were paid, each against the rate of the invoice. A settled difference takes the unrealised one of the month before back.
with invoices as (

    select
        invoices.invoice_id,
        invoices.customer_id,
        invoices.project_id,
        invoices.legal_entity_id,
        invoices.invoice_date,
        invoices.currency,
        invoices.gross_amount,
        invoices.exchange_rate,
        entities.functional_currency
    from {{ ref('fct_invoice') }} as invoices
    inner join {{ ref('dim_legal_entity') }} as entities
        on invoices.legal_entity_id = entities.legal_entity_id and invoices.currency <> entities.functional_currency
    where invoices.document_type = 'invoice' and invoices.invoice_status in ('open', 'paid')

),

settled as (

    select
        applications.invoice_id,
        {{ month_start('applications.applied_on') }} as month,
        sum(applications.amount) as amount,
        sum(
            case
                when applications.application_type = 'payment'
                    then {{ round_money(product('applications.amount', 'rates.rate - invoices.exchange_rate'), 'invoices.functional_currency') }}
                else 0
            end
        ) as realised_fc
    from {{ ref('fct_payment_application') }} as applications
    inner join invoices
        on applications.invoice_id = invoices.invoice_id
    left join {{ ref('fct_fx_rate') }} as rates
        on invoices.currency = rates.from_currency
        and invoices.functional_currency = rates.to_currency
        and applications.applied_on = rates.rate_date
        and rates.rate_type = 'spot'
    where applications.applied_on <= {{ as_of_date() }}
    group by applications.invoice_id, {{ month_start('applications.applied_on') }}

),

running as (

    select
        invoices.*,
        months.month,
        coalesce(settled.realised_fc, 0) as realised_fc,
        invoices.gross_amount - coalesce(sum(settled.amount) over (
            partition by invoices.invoice_id
            order by months.month
            rows between unbounded preceding and current row
        ), 0) as open_tc,
        coalesce(settled.amount, 0) as settled_tc
    from invoices
    inner join {{ ref('rpt_month') }} as months
        on invoices.invoice_date <= months.month_end and not months.is_open_month
    left join settled
        on invoices.invoice_id = settled.invoice_id and months.month = settled.month

),

valued as (

    select
        running.*,
        {{ round_money(product('running.open_tc', 'rates.rate - running.exchange_rate'), 'running.functional_currency') }} as unrealised_fc
    from running
    left join {{ ref('fct_fx_rate') }} as rates
        on running.currency = rates.from_currency
        and running.functional_currency = rates.to_currency
        and running.month = rates.rate_date
        and rates.rate_type = 'closing'
    where running.open_tc <> 0 or running.settled_tc <> 0

)

select
    valued.invoice_id,
    valued.customer_id,
    valued.legal_entity_id,
    projects.practice_id,
    projects.business_unit_id,
    valued.month,
    valued.currency,
    valued.functional_currency,
    cast(valued.open_tc as decimal(18, 4)) as open_tc,
    valued.unrealised_fc,
    cast(valued.realised_fc as decimal(18, 4)) as realised_fc,
    cast(
        valued.unrealised_fc + valued.realised_fc
        - coalesce(lag(valued.unrealised_fc) over (partition by valued.invoice_id order by valued.month), 0) as decimal(18, 4)
    ) as result_fc
from valued
left join {{ ref('dim_project') }} as projects
    on valued.project_id = projects.project_id
