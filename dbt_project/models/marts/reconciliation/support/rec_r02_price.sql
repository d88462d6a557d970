-- what an invoice bills per person and role of a project beside the rate agreed for the hours on it: the rate agreed for the
-- person goes before the project's card, and that before the account's standard card
with worked as (

    select
        invoices.invoice_id,
        invoices.currency as invoice_currency,
        projects.project_id,
        projects.currency as project_currency,
        projects.rate_card_id,
        entries.role_id,
        entries.work_date,
        entries.hours,
        seats.bill_rate_override,
        coalesce(resources.psa_user_id, '') || '|' || coalesce(replace(entries.role_id, entries.instance || ':', ''), '') as item_ref
    from {{ ref('fct_invoice') }} as invoices
    inner join {{ ref('fct_time_entry') }} as entries
        on invoices.psa_invoice_id = entries.psa_invoice_id
    inner join {{ ref('dim_project') }} as projects
        on entries.project_id = projects.project_id
    left join {{ ref('dim_resource') }} as resources
        on entries.resource_id = resources.resource_id
    left join {{ ref('dim_project_seat') }} as seats
        on entries.project_id = seats.project_id
        and entries.resource_id = seats.resource_id
    where invoices.document_type = 'invoice'
        and invoices.invoice_status in ('draft', 'open', 'paid')
        and projects.contract_type = 'time_and_materials'
        and entries.is_billable

),

-- one published row for the role, or else one default; anything else is a missing rate, which is R01
card_rates as (

    select
        days.project_id,
        days.role_id,
        days.work_date,
        case
            when sum(case when lines.role_id = days.role_id then 1 else 0 end) = 1 then max(case when lines.role_id = days.role_id then lines.rate end)
            when sum(case when lines.role_id = days.role_id then 1 else 0 end) = 0 and count(*) = 1 then max(lines.rate)
        end as rate
    from (select distinct project_id, rate_card_id, project_currency, role_id, work_date from worked) as days
    inner join {{ ref('dim_rate_card_line') }} as lines
        on (days.rate_card_id = lines.rate_card_id or (days.rate_card_id is null and lines.is_account_default))
        and days.project_currency = lines.currency
        and lines.is_published
        and days.work_date >= lines.valid_from
        and days.work_date <= {{ open_end('lines.valid_to') }}
        and (lines.role_id = days.role_id or lines.role_id is null)
    group by days.project_id, days.role_id, days.work_date

),

expected as (

    select
        worked.invoice_id,
        worked.item_ref,
        min(worked.project_id) as project_id,
        min(worked.project_currency) as project_currency,
        min(worked.invoice_currency) as invoice_currency,
        min(worked.rate_card_id) as rate_card_id,
        min(worked.role_id) as role_id,
        min(worked.work_date) as first_day,
        max(worked.work_date) as last_day,
        {{ ratio('sum(' ~ product('worked.hours', 'coalesce(worked.bill_rate_override, card_rates.rate)') ~ ')', 'sum(worked.hours)') }} as expected_rate
    from worked
    left join card_rates
        on worked.project_id = card_rates.project_id
        and worked.role_id = card_rates.role_id
        and worked.work_date = card_rates.work_date
    group by worked.invoice_id, worked.item_ref
    having count(coalesce(worked.bill_rate_override, card_rates.rate)) = count(*)

),

billed as (

    select
        invoice_id,
        source_ref as item_ref,
        sum(quantity) as quantity,
        cast(sum(net_amount) as decimal(18, 4)) as net_amount,
        count(rate) = count(*) as has_rates,
        count(*) as line_count,
        {{ ratio('sum(case when rate is null then cast(net_amount as decimal(38, 12)) else ' ~ product('quantity', 'rate') ~ ' end)', 'sum(quantity)') }} as billed_rate,
        case when count(price_reason) = count(*) then min(price_reason) end as price_reason
    from {{ ref('fct_invoice_line') }}
    where line_type = 'time' and source_ref is not null
    group by invoice_id, source_ref

)

select
    expected.invoice_id || '|' || expected.item_ref as price_id,
    expected.invoice_id,
    expected.item_ref,
    expected.project_id,
    expected.rate_card_id,
    expected.role_id,
    expected.first_day,
    expected.last_day,
    expected.project_currency,
    expected.invoice_currency,
    cast(billed.quantity as decimal(18, 4)) as quantity,
    cast(expected.expected_rate as decimal(18, 8)) as expected_rate,
    cast(billed.billed_rate as decimal(18, 8)) as billed_rate,
    billed.price_reason,
    -- without a rate on the line, hours rounded to the next quarter look like another rate
    cast(case when billed.has_rates then 0 else 0.25 * billed.line_count end as decimal(18, 4)) as rounded_hours
from expected
inner join billed
    on expected.invoice_id = billed.invoice_id
    and expected.item_ref = billed.item_ref
