with invoices as (

    select
        invoices.*,
        coalesce(invoices.opportunity_id, projects.opportunity_id) as deal_id,
        {{ days('invoices.due_date', as_of_date()) }} as days_overdue,
        invoices.invoice_status = 'open' and invoices.open_amount > 0 as is_open
    from {{ ref('fct_invoice') }} as invoices
    left join {{ ref('dim_project') }} as projects
        on invoices.project_id = projects.project_id
    where invoices.document_type = 'invoice' and invoices.invoice_status in ('open', 'paid')

),

payments as (

    select
        invoices.deal_id,
        max(payments.payment_date) as last_payment_date
    from {{ ref('fct_payment_application') }} as applications
    inner join {{ ref('fct_payment') }} as payments
        on applications.payment_id = payments.payment_id
    inner join invoices
        on applications.invoice_id = invoices.invoice_id
    where applications.application_type = 'payment'
    group by invoices.deal_id

),

receivables as (

    select
        deal_id,
        currency,
        sum(case when is_open then open_amount else 0 end) as open_amount,
        max(case when is_open then days_overdue end) as worst_days_overdue,
        max(case when is_open and is_disputed then 1 else 0 end) = 1 as is_disputed,
        min(instance) as erp_instance,
        {{ listagg('source_id', ', ', 'source_id') }} as invoice_ids,
        max(source_modified_at) as changed_at,
        min(loaded_at) as loaded_at,
        count(*) over (partition by deal_id) as currencies
    from invoices
    where deal_id is not null
    group by deal_id, currency

)

select
    opportunities.opportunity_id,
    opportunities.currency,
    cast(coalesce(receivables.open_amount, 0) as decimal(18, 4)) as open_amount,
    case
        when receivables.worst_days_overdue is null then null
        when receivables.worst_days_overdue <= 0 then 'current'
        when receivables.worst_days_overdue <= 30 then '1-30'
        when receivables.worst_days_overdue <= 60 then '31-60'
        when receivables.worst_days_overdue <= 90 then '61-90'
        else '90+'
    end as overdue_bucket,
    coalesce(receivables.is_disputed, false) as is_disputed,
    payments.last_payment_date,
    receivables.erp_instance,
    receivables.invoice_ids,
    receivables.changed_at,
    receivables.loaded_at
from {{ ref('fct_opportunity') }} as opportunities
inner join receivables
    on opportunities.opportunity_id = receivables.deal_id
    and opportunities.currency = receivables.currency
    and receivables.currencies = 1
left join payments
    on opportunities.opportunity_id = payments.deal_id
