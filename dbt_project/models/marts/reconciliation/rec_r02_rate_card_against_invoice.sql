with apart as (

    select * from {{ ref('rec_r02_apart') }}

),

-- another rate of the same card explains the mistake: the role's from an earlier version, or another role's of the day
explained as (

    select
        apart.price_id,
        max(case when lines.role_id = apart.role_id and lines.valid_to < apart.first_day then lines.valid_to end) as old_until,
        min(case when lines.role_id <> apart.role_id and lines.valid_from <= apart.last_day and {{ open_end('lines.valid_to') }} >= apart.first_day then roles.role_name end) as other_role
    from apart
    inner join {{ ref('dim_rate_card_line') }} as lines
        on (apart.rate_card_id = lines.rate_card_id or (apart.rate_card_id is null and lines.is_account_default))
        and apart.project_currency = lines.currency
        and lines.is_published
        and abs(lines.rate - apart.billed_rate) <= apart.tolerance
    left join {{ ref('dim_role') }} as roles
        on lines.role_id = roles.role_id
    group by apart.price_id

),

broken as (

    select
        apart.price_id as matching_key,
        '' as period,
        case
            when apart.invoice_currency <> apart.project_currency then apart.severity
            else {{ money_severity('apart.amount', product('apart.quantity', 'apart.expected_rate'), "case when apart.billed_rate > apart.expected_rate then 'S1' else apart.severity end") }}
        end as severity,
        case
            when apart.invoice_currency <> apart.project_currency then 'Hours billed in another currency than agreed'
            when explained.old_until is not null then 'Hours billed at a rate that no longer holds'
            when explained.other_role is not null then 'Hours billed at the rate of another role'
            when apart.billed_rate < apart.expected_rate then 'Hours billed below the agreed rate'
            else 'Hours billed above the agreed rate'
        end as title,
        'Invoice ' || coalesce(invoices.invoice_number, apart.invoice_id) || ' bills ' || {{ hours_text('apart.quantity') }} || ' of '
        || coalesce(own_roles.role_name, 'no role') || ' on ' || coalesce(projects.project_name, apart.project_id) || ' at '
        || {{ money_text('apart.billed_rate', 'apart.invoice_currency') }} || ' an hour; agreed for those days are '
        || {{ money_text('apart.expected_rate', 'apart.project_currency') }}
        || case
            when apart.invoice_currency <> apart.project_currency then '.'
            when explained.old_until is not null then '. The billed rate ended on ' || {{ as_text('explained.old_until') }} || '.'
            when explained.other_role is not null then '. The billed rate is that of ' || explained.other_role || '.'
            else '.'
        end
        || case when invoices.invoice_status = 'draft' then ' The draft can still be corrected.' else ' The invoice is posted: credit it and bill again.' end as explanation,
        'invoice' as subject_type,
        apart.invoice_id as subject_id,
        invoices.invoice_number as subject_name,
        invoices.customer_id,
        apart.project_id,
        invoices.legal_entity_id,
        projects.business_unit_id,
        projects.practice_id,
        apart.amount as amount_at_risk,
        apart.project_currency as currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        invoices.invoice_date as occurred_on
    from apart
    inner join {{ ref('fct_invoice') }} as invoices
        on apart.invoice_id = invoices.invoice_id
    left join {{ ref('dim_project') }} as projects
        on apart.project_id = projects.project_id
    left join {{ ref('dim_role') }} as own_roles
        on apart.role_id = own_roles.role_id
    left join explained
        on apart.price_id = explained.price_id

)

{{ finding_rows('R02', 'broken') }}
