with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'T01'

),

-- what another check counts first is shown here and not added up
counted_elsewhere as (

    select record_id as time_entry_id
    from {{ ref('rec_primary_record') }}
    where record_type = 'time_entry' and check_id <> 'T01'

),

billed as (

    select
        projects.contract_id,
        sum(invoices.net_amount) as billed_amount
    from {{ ref('fct_invoice') }} as invoices
    inner join {{ ref('dim_project') }} as projects
        on invoices.project_id = projects.project_id
    where invoices.invoice_status in ('open', 'paid')
    group by projects.contract_id

),

-- time-and-materials work that may still be billed: not on hold, and the ceiling of the contract not reached
open_contracts as (

    select
        projects.*,
        contracts.not_to_exceed - coalesce(billed.billed_amount, 0) as room_under_ceiling
    from {{ ref('dim_project') }} as projects
    left join {{ ref('dim_contract') }} as contracts
        on projects.contract_id = contracts.contract_id
    left join billed
        on projects.contract_id = billed.contract_id
    where projects.contract_type = 'time_and_materials'
        and projects.project_status <> 'on_hold'
        and (contracts.not_to_exceed is null or contracts.not_to_exceed > coalesce(billed.billed_amount, 0))

),

waiting as (

    select
        entries.project_id,
        {{ month_end('entries.work_date') }} as month_end,
        sum(entries.hours) as hours,
        sum(case when counted_elsewhere.time_entry_id is null then entries.bill_amount end) as priced_amount,
        sum(case when counted_elsewhere.time_entry_id is null then 1 else 0 end) as priced_entries
    from {{ ref('fct_time_entry') }} as entries
    left join counted_elsewhere
        on entries.time_entry_id = counted_elsewhere.time_entry_id
    where entries.is_approved
        and entries.is_billable
        and not entries.is_invoiced
        and entries.psa_invoice_id is null
    group by entries.project_id, {{ month_end('entries.work_date') }}

),

overdue as (

    select
        open_contracts.project_id,
        open_contracts.project_name,
        open_contracts.customer_id,
        open_contracts.legal_entity_id,
        open_contracts.business_unit_id,
        open_contracts.practice_id,
        open_contracts.currency,
        open_contracts.room_under_ceiling,
        waiting.month_end,
        waiting.hours,
        waiting.priced_amount,
        waiting.priced_entries,
        {{ days('waiting.month_end', as_of_date()) }} as age_days,
        settings.severity
    from waiting
    inner join open_contracts
        on waiting.project_id = open_contracts.project_id
    cross join settings
    where {{ days('waiting.month_end', as_of_date()) }} > settings.grace_days

),

broken as (

    select
        project_id as matching_key,
        {{ month_text('month_end') }} as period,
        case
            when age_days > 90 then 'S1'
            when age_days >= 60 then severity
            else 'S3'
        end as severity,
        'Approved time is not billed' as title,
        {{ hours_text('hours') }} || ' of approved billable work in ' || {{ month_text('month_end') }} || ' on ' || project_name
        || ' are on no invoice, ' || {{ as_text('age_days') }} || ' days after the month ended.' as explanation,
        'project' as subject_type,
        project_id as subject_id,
        project_name as subject_name,
        customer_id,
        project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        least(priced_amount, coalesce(room_under_ceiling, priced_amount)) as amount_at_risk,
        currency,
        false as is_amount_estimated,
        priced_entries > 0 as is_primary_cause,
        month_end as occurred_on
    from overdue

)

{{ finding_rows('T01', 'broken') }}
