with billable as (

    select
        entries.*,
        projects.rate_card_id,
        projects.currency as project_currency,
        projects.project_name,
        projects.customer_id,
        projects.legal_entity_id,
        projects.practice_id as project_practice_id,
        projects.business_unit_id as project_business_unit_id
    from {{ ref('fct_time_entry') }} as entries
    inner join {{ ref('dim_project') }} as projects
        on entries.project_id = projects.project_id
    where entries.is_approved
        and entries.is_billable
        and projects.contract_type = 'time_and_materials'

),

combinations as (

    select distinct
        project_id,
        rate_card_id,
        project_currency,
        role_id,
        work_date
    from billable

),

-- what the published card says for role, currency and day; a row without role is the card's default
card_rows as (

    select
        combinations.project_id,
        combinations.role_id,
        combinations.work_date,
        sum(case when lines.role_id = combinations.role_id then 1 else 0 end) as role_rows,
        sum(case when lines.role_id is null and lines.rate_card_line_id is not null then 1 else 0 end) as default_rows,
        max(case when lines.role_id = combinations.role_id then lines.rate end) as role_rate,
        max(case when lines.role_id is null then lines.rate end) as default_rate
    from combinations
    left join {{ ref('dim_rate_card_line') }} as lines
        on (combinations.rate_card_id = lines.rate_card_id or (combinations.rate_card_id is null and lines.is_account_default))
        and combinations.project_currency = lines.currency
        and lines.is_published
        and combinations.work_date >= lines.valid_from
        and combinations.work_date <= coalesce(lines.valid_to, combinations.work_date)
        and (lines.role_id = combinations.role_id or lines.role_id is null)
    group by combinations.project_id, combinations.role_id, combinations.work_date

),

judged as (

    select
        billable.*,
        case
            when card_rows.role_rows > 1 then 'two published rates overlap'
            when card_rows.role_rows = 0 and card_rows.default_rows = 0 then 'no published rate for role, currency and day'
            when card_rows.role_rows = 1 and card_rows.role_rate <= 0 then 'the published rate is zero'
            when card_rows.role_rows = 0 and card_rows.default_rate <= 0 then 'the default rate is zero'
            when coalesce(billable.bill_rate, 0) <= 0 then 'the entry carries no rate'
        end as missing_reason
    from billable
    inner join card_rows
        on billable.project_id = card_rows.project_id
        and billable.role_id is not distinct from card_rows.role_id
        and billable.work_date = card_rows.work_date

),

-- the going rate of the role stands in for the missing one, as an estimate only
role_average as (

    select
        role_id,
        project_currency as currency,
        {{ ratio('sum(hours * bill_rate)', 'sum(hours)') }} as average_rate
    from billable
    where bill_rate > 0
    group by role_id, project_currency

)

select
    judged.time_entry_id,
    judged.project_id,
    judged.project_name,
    judged.customer_id,
    judged.legal_entity_id,
    judged.project_practice_id as practice_id,
    judged.project_business_unit_id as business_unit_id,
    judged.role_id,
    roles.role_name,
    judged.work_date,
    judged.hours,
    judged.project_currency as currency,
    judged.missing_reason,
    cast(judged.hours * role_average.average_rate as decimal(18, 4)) as estimated_amount,
    judged.is_invoiced
from judged
left join role_average
    on judged.role_id = role_average.role_id and judged.project_currency = role_average.currency
left join {{ ref('dim_role') }} as roles
    on judged.role_id = roles.role_id
where judged.missing_reason is not null
