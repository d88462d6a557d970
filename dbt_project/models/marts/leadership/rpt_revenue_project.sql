-- right_to_invoice and the other methods come with fct_revenue_month; invoices count in the month of their date
with invoiced as (

    select
        project_id,
        {{ month_start('invoice_date') }} as month,
        sum(net_amount_rc) as invoiced_rc
    from {{ ref('fct_invoice') }}
    where invoice_status in ('open', 'paid') and project_id is not null
    group by project_id, {{ month_start('invoice_date') }}

),

joined as (

    select
        coalesce(revenue.project_id, invoiced.project_id) as project_id,
        coalesce(revenue.month, invoiced.month) as month,
        revenue.recognition_method,
        revenue.revenue_tc,
        revenue.revenue_rc,
        revenue.hours,
        invoiced.invoiced_rc
    from {{ ref('fct_revenue_month') }} as revenue
    full outer join invoiced
        on revenue.project_id = invoiced.project_id and revenue.month = invoiced.month

)

select
    joined.project_id,
    projects.project_name,
    projects.customer_id,
    customers.customer_name,
    projects.legal_entity_id,
    projects.practice_id,
    projects.business_unit_id,
    joined.month,
    joined.recognition_method as method,
    projects.currency,
    cast(joined.revenue_tc as decimal(18, 4)) as revenue_tc,
    cast(joined.revenue_rc as decimal(18, 4)) as revenue_rc,
    cast(joined.invoiced_rc as decimal(18, 4)) as invoiced_rc,
    cast(joined.hours as decimal(18, 4)) as hours,
    {{ month_end('joined.month') }} >= {{ as_of_date() }} as is_open_month
from joined
inner join {{ ref('dim_project') }} as projects
    on joined.project_id = projects.project_id
left join {{ ref('dim_customer') }} as customers
    on projects.customer_id = customers.customer_id
where joined.month <= {{ as_of_date() }}
