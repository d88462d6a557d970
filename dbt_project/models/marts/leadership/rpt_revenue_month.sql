-- the plan knows no business unit, so its rows carry none; invoices that name no single project keep their company
with revenue as (

    select legal_entity_id, practice_id, business_unit_id, month, revenue_rc, invoiced_rc
    from {{ ref('rpt_revenue_project') }}

),

unassigned_invoices as (

    select
        legal_entity_id,
        {{ month_start('invoice_date') }} as month,
        net_amount_rc as invoiced_rc
    from {{ ref('fct_invoice') }}
    where invoice_status in ('open', 'paid') and project_id is null and invoice_date <= {{ as_of_date() }}

),

collected as (

    select legal_entity_id, practice_id, business_unit_id, month, revenue_rc, cast(null as decimal(18, 4)) as plan_rc, invoiced_rc
    from revenue
    union all
    select
        legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as practice_id,
        cast(null as {{ dbt.type_string() }}) as business_unit_id,
        month,
        cast(null as decimal(18, 4)) as revenue_rc,
        cast(null as decimal(18, 4)) as plan_rc,
        invoiced_rc
    from unassigned_invoices
    union all
    select
        legal_entity_id,
        practice_id,
        cast(null as {{ dbt.type_string() }}) as business_unit_id,
        month,
        cast(null as decimal(18, 4)) as revenue_rc,
        amount_rc as plan_rc,
        cast(null as decimal(18, 4)) as invoiced_rc
    from {{ source('raw_config', 'revenue_plan') }}

)

select
    legal_entity_id,
    practice_id,
    business_unit_id,
    month,
    cast(sum(revenue_rc) as decimal(18, 4)) as revenue_rc,
    cast(sum(plan_rc) as decimal(18, 4)) as plan_rc,
    cast(sum(invoiced_rc) as decimal(18, 4)) as invoiced_rc,
    {{ month_end('month') }} >= {{ as_of_date() }} as is_open_month
from collected
group by legal_entity_id, practice_id, business_unit_id, month
