with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'B02'

),

credited as (

    select distinct credited_invoice_id as invoice_id
    from {{ ref('fct_invoice') }}
    where credited_invoice_id is not null

),

-- revenue the ledger recognised before it was earned, per contract
ahead as (

    select
        position_scope,
        sum(ledger_recognised_to_date_tc - recognised_to_date_tc) as amount
    from {{ ref('fct_contract_position_month') }}
    where month = {{ month_start(as_of_date()) }}
    group by position_scope

),

early as (

    select
        milestones.*,
        projects.project_name,
        projects.customer_id,
        projects.legal_entity_id,
        projects.business_unit_id,
        projects.practice_id,
        invoices.invoice_number,
        invoices.invoice_date,
        coalesce(ahead.amount, 0) > 0 as is_recognised
    from {{ ref('fct_milestone') }} as milestones
    inner join {{ ref('dim_project') }} as projects
        on milestones.project_id = projects.project_id
    inner join {{ ref('fct_invoice') }} as invoices
        on milestones.invoice_id = invoices.invoice_id and invoices.invoice_status in ('open', 'paid')
    left join {{ ref('dim_contract') }} as contracts
        on projects.contract_id = contracts.contract_id
    left join credited
        on milestones.invoice_id = credited.invoice_id
    left join ahead
        on coalesce(projects.contract_id, projects.project_id) = ahead.position_scope
    where (milestones.accepted_on is null or milestones.accepted_on > {{ as_of_date() }})
        and not coalesce(contracts.is_billed_in_advance, false)
        and credited.invoice_id is null

),

broken as (

    select
        early.milestone_id as matching_key,
        '' as period,
        case when early.is_recognised then settings.severity else 'S3' end as severity,
        'Milestone invoiced before it was accepted' as title,
        'Invoice ' || early.invoice_number || ' of ' || {{ as_text('early.invoice_date') }} || ' bills milestone ' || early.milestone_title || ' of '
        || early.project_name || ', worth ' || {{ money_text('early.amount', 'early.currency') }} || ', which the customer has not accepted. '
        || case
            when early.is_recognised then 'The ledger has recognised more revenue on the contract than was earned.'
            else 'Deferred revenue holds the amount.'
        end as explanation,
        'milestone' as subject_type,
        early.milestone_id as subject_id,
        early.milestone_title as subject_name,
        early.customer_id,
        early.project_id,
        early.legal_entity_id,
        early.business_unit_id,
        early.practice_id,
        early.amount as amount_at_risk,
        early.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        early.invoice_date as occurred_on
    from early
    cross join settings

)

{{ finding_rows('B02', 'broken') }}
