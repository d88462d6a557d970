{% set money = ['standard_value', 'contract_value', 'invoiced', 'discount', 'collected', 'card_value', 'rate_shortfall', 'rate_surplus'] %}
{% set hours = ['logged_hours', 'billable_hours', 'hours_without_list_rate', 'hours_without_card_rate'] %}
-- discounts, credit notes and cash of an invoice are spread over the time it bills
with invoices as (

    select
        invoices.invoice_id,
        invoices.gross_amount,
        sum(case when lines.line_type = 'discount' then lines.net_amount else 0 end) as discount
    from {{ ref('fct_invoice') }} as invoices
    inner join {{ ref('fct_invoice_line') }} as lines
        on invoices.invoice_id = lines.invoice_id
    group by invoices.invoice_id, invoices.gross_amount

),

settled as (

    select
        invoice_id,
        sum(case when application_type = 'payment' then amount else 0 end) as paid,
        sum(case when application_type = 'credit_note' then amount else 0 end) as credited
    from {{ ref('fct_payment_application') }}
    where applied_on <= {{ as_of_date() }}
    group by invoice_id

),

billed as (

    select
        value.*,
        invoices.gross_amount,
        invoices.discount,
        coalesce(settled.paid, 0) as paid,
        coalesce(settled.credited, 0) as credited,
        sum(value.billed_amount) over (partition by value.invoice_id) as invoice_amount,
        row_number() over (
            partition by value.invoice_id
            order by value.month desc, value.project_id desc, value.resource_id desc, value.role_id desc nulls last
        ) = 1 as is_last
    from {{ ref('rpt_time_value') }} as value
    left join invoices
        on value.invoice_id = invoices.invoice_id
    left join settled
        on value.invoice_id = settled.invoice_id

),

parted as (

    select *, {{ part_of('discount', 'billed_amount', 'invoice_amount', 'currency') }} as discount_part
    from billed

),

discounted as (

    select *, {{ with_remainder('discount', 'discount_part', 'is_last', 'invoice_id') }} as own_discount
    from parted

),

netted as (

    select
        project_id,
        resource_id,
        role_id,
        currency,
        month,
        logged_hours,
        billable_hours,
        hours_without_list_rate,
        hours_without_card_rate,
        standard_value,
        contract_value,
        card_value,
        rate_shortfall,
        rate_surplus,
        {{ round_money(product('billed_amount + own_discount', ratio('gross_amount - credited', 'gross_amount')), 'currency') }} as invoiced,
        {{ round_money(product('own_discount', ratio('gross_amount - credited', 'gross_amount')), 'currency') }} as discount,
        {{ round_money(product('billed_amount + own_discount', ratio('paid', 'gross_amount')), 'currency') }} as collected
    from discounted

),

summed as (

    select
        project_id,
        resource_id,
        role_id,
        currency,
        month,
        {{ sums(hours + money) }}
    from netted
    group by project_id, resource_id, role_id, currency, month

),

valued as (

    select
        summed.*,
        projects.customer_id,
        projects.legal_entity_id,
        projects.practice_id,
        projects.business_unit_id,
        {% for measure in money %}
        {{ round_money(product('summed.' ~ measure, 'rates.rate'), 'firm.reporting_currency') }} as {{ measure }}_rc,
        {% endfor %}
        firm.reporting_currency
    from summed
    inner join {{ ref('dim_project') }} as projects
        on summed.project_id = projects.project_id
    cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
    left join {{ ref('fct_fx_rate') }} as rates
        on summed.currency = rates.from_currency
        and firm.reporting_currency = rates.to_currency
        and summed.month = rates.rate_date
        and rates.rate_type = 'average'

)

select
    project_id,
    resource_id,
    role_id,
    currency,
    month,
    customer_id,
    legal_entity_id,
    practice_id,
    business_unit_id,
    reporting_currency,
    {% for measure in hours %}
    cast({{ measure }} as decimal(18, 4)) as {{ measure }},
    {% endfor %}
    {% for measure in money %}
    cast({{ measure }} as decimal(18, 4)) as {{ measure }}_tc,
    {{ measure }}_rc,
    {% endfor %}
    {{ metric_ratio('realization_standard.v1', 'valued') }} as realization_standard,
    {{ metric_ratio('realization_contract.v1', 'valued') }} as realization_contract,
    {{ metric_ratio('realization_collection.v1', 'valued') }} as realization_collection,
    {{ metric_ratio('realization_overall.v1', 'valued') }} as realization_overall,
    {{ metric_ratio('bill_rate_effective.v1', 'valued') }} as bill_rate_effective,
    {{ metric_ratio('bill_rate_total_hour.v1', 'valued') }} as bill_rate_total_hour,
    {{ metric_ratio('rate_leakage_gross.v1', 'valued') }} as rate_leakage_gross,
    {{ metric_ratio('rate_leakage_net.v1', 'valued') }} as rate_leakage_net
from valued
