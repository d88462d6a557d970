-- Time of work paid by the hour: its value at list and at contracted rates, and what the invoice says. Time meets
-- invoice lines by invoice, person and role; a line counts in the month of the work it bills.
with entries as (

    select
        entries.*,
        projects.rate_card_id,
        {{ month_start('entries.work_date') }} as month,
        coalesce(resources.psa_user_id, '') || '|' || coalesce(replace(entries.role_id, entries.instance || ':', ''), '') as source_ref,
        case when entries.is_approved and entries.is_billable then entries.hours else 0 end as billable_hours
    from {{ ref('fct_time_entry') }} as entries
    inner join {{ ref('dim_project') }} as projects
        on entries.project_id = projects.project_id and projects.contract_type = 'time_and_materials'
    left join {{ ref('dim_resource') }} as resources
        on entries.resource_id = resources.resource_id
    where entries.work_date <= {{ as_of_date() }}

),

-- the contracted rate is that of the project's own card; two rows in force give no answer
card_rates as (

    select days.rate_card_id, days.role_id, days.currency, days.work_date, min(lines.rate) as rate
    from (select distinct rate_card_id, role_id, currency, work_date from entries) as days
    inner join {{ ref('dim_rate_card_line') }} as lines
        on days.rate_card_id = lines.rate_card_id
        and days.role_id = lines.role_id
        and days.currency = lines.currency
        and days.work_date >= lines.valid_from
        and days.work_date <= {{ open_end('lines.valid_to') }}
    where lines.is_published
    group by days.rate_card_id, days.role_id, days.currency, days.work_date
    having count(*) = 1

),

billed as (

    select
        lines.invoice_id,
        lines.source_ref,
        cast(sum(lines.quantity) as decimal(18, 4)) as hours,
        cast(sum(lines.net_amount) as decimal(18, 4)) as amount,
        {{ ratio('sum(lines.net_amount)', 'sum(lines.quantity)') }} as rate
    from {{ ref('fct_invoice_line') }} as lines
    inner join {{ ref('fct_invoice') }} as invoices
        on lines.invoice_id = invoices.invoice_id
    where lines.line_type = 'time' and invoices.document_type = 'invoice' and invoices.invoice_status in ('open', 'paid')
    group by lines.invoice_id, lines.source_ref

),

priced as (

    select
        entries.*,
        billed.hours as billed_hours,
        billed.amount as billed_amount,
        billed.rate as billed_rate,
        nullif(case when entries.rate_card_id is null then entries.standard_rate else card_rates.rate end, 0) as card_rate
    from entries
    left join card_rates
        on entries.rate_card_id = card_rates.rate_card_id
        and entries.role_id = card_rates.role_id
        and entries.currency = card_rates.currency
        and entries.work_date = card_rates.work_date
    left join billed
        on entries.invoice_id = billed.invoice_id and entries.source_ref = billed.source_ref

),

worked as (

    select
        project_id,
        resource_id,
        role_id,
        currency,
        month,
        case when billed_hours is not null then invoice_id end as invoice_id,
        source_ref,
        max(billed_hours) as billed_hours,
        max(billed_amount) as billed_amount,
        sum(hours) as logged_hours,
        sum(billable_hours) as billable_hours,
        sum(case when standard_rate is null then billable_hours else 0 end) as hours_without_list_rate,
        sum(case when card_rate is null then billable_hours else 0 end) as hours_without_card_rate,
        sum(case when card_rate is null then {{ product('billable_hours', 'standard_rate') }} end) as value_without_card_rate,
        sum({{ product('billable_hours', 'standard_rate') }}) as standard_value,
        sum({{ product('billable_hours', 'card_rate') }}) as contract_value,
        sum(case when billed_rate is not null then {{ product('billable_hours', 'card_rate') }} end) as card_value,
        sum(case when billed_rate < card_rate then {{ product('billable_hours', 'card_rate - billed_rate') }} when card_rate is not null and billed_rate is not null then 0 end) as rate_shortfall,
        sum(case when billed_rate > card_rate then {{ product('billable_hours', 'billed_rate - card_rate') }} when card_rate is not null and billed_rate is not null then 0 end) as rate_surplus
    from priced
    group by
        project_id, resource_id, role_id, currency, month,
        case when billed_hours is not null then invoice_id end, source_ref

),

grouped as (

    select
        *,
        sum(billable_hours) over (partition by invoice_id, source_ref) as group_hours,
        row_number() over (partition by invoice_id, source_ref order by month desc, project_id desc) = 1 as is_last
    from worked

),

-- what was written off on the invoice is no matter of its rate, so rates count for the hours billed
shared as (

    select
        *,
        {{ ratio('billed_hours', 'group_hours') }} as billed_share,
        {{ part_of('billed_hours', 'billable_hours', 'group_hours', "'USD'") }} as hours_part,
        {{ part_of('billed_amount', 'billable_hours', 'group_hours', 'currency') }} as amount_part
    from grouped

)

select
    project_id,
    resource_id,
    role_id,
    currency,
    month,
    invoice_id,
    cast(logged_hours as decimal(18, 4)) as logged_hours,
    cast(billable_hours as decimal(18, 4)) as billable_hours,
    cast(hours_without_list_rate as decimal(18, 4)) as hours_without_list_rate,
    cast(hours_without_card_rate as decimal(18, 4)) as hours_without_card_rate,
    {{ round_money('value_without_card_rate', 'currency') }} as value_without_card_rate,
    {{ round_money('standard_value', 'currency') }} as standard_value,
    {{ round_money('contract_value', 'currency') }} as contract_value,
    {{ with_remainder('billed_hours', 'hours_part', 'is_last', 'invoice_id, source_ref') }} as billed_hours,
    {{ with_remainder('billed_amount', 'amount_part', 'is_last', 'invoice_id, source_ref') }} as billed_amount,
    {{ round_money(product('card_value', 'billed_share'), 'currency') }} as card_value,
    {{ round_money(product('rate_shortfall', 'billed_share'), 'currency') }} as rate_shortfall,
    {{ round_money(product('rate_surplus', 'billed_share'), 'currency') }} as rate_surplus
from shared
