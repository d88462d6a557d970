-- issued invoices by month of issue, with the days from work to invoice weighted by amount, and their disputes
with lines as (

    select
        invoice_id,
        sum(net_amount) as delivered_amount,
        sum(cast(net_amount as decimal(19, 4)) * days_to_invoice) as amount_days
    from (
        select
            lines.invoice_id,
            lines.net_amount,
            {{ days('lines.service_end', 'invoices.invoice_date') }} as days_to_invoice
        from {{ ref('fct_invoice_line') }} as lines
        inner join {{ ref('fct_invoice') }} as invoices
            on lines.invoice_id = invoices.invoice_id
        where lines.line_type in ('time', 'expense', 'milestone') and lines.service_end is not null
    ) as aged
    group by invoice_id

)

select
    invoices.invoice_id,
    invoices.customer_id,
    invoices.project_id,
    invoices.legal_entity_id,
    projects.practice_id,
    projects.business_unit_id,
    {{ month_start('invoices.invoice_date') }} as month,
    invoices.currency,
    invoices.net_amount as net_amount_tc,
    invoices.net_amount_rc,
    cast(
        {{ ratio('lines.delivered_amount', 'invoices.net_amount') }} * invoices.net_amount_rc as decimal(18, 4)
    ) as delivered_amount_rc,
    cast(
        {{ ratio('lines.amount_days', 'invoices.net_amount') }} * invoices.net_amount_rc as decimal(18, 4)
    ) as amount_days_rc,
    cast({{ ratio('lines.amount_days', 'lines.delivered_amount') }} as decimal(18, 8)) as days_to_invoice,
    invoices.dispute_opened_on,
    invoices.dispute_closed_on,
    invoices.dispute_opened_on is not null and invoices.dispute_opened_on <= {{ as_of_date() }} as was_disputed
from {{ ref('fct_invoice') }} as invoices
left join lines
    on invoices.invoice_id = lines.invoice_id
left join {{ ref('dim_project') }} as projects
    on invoices.project_id = projects.project_id
where invoices.document_type = 'invoice'
    and invoices.invoice_status in ('open', 'paid')
    and invoices.invoice_date <= {{ as_of_date() }}
