with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'C06'

),

due as (

    select
        *,
        case leg
            when 'crm_amount' then 'CRM amount'
            when 'psa_budget' then 'PSA budget'
            when 'psa_schedule' then 'PSA plan'
            when 'erp_schedule' then 'ERP billing schedule'
            else 'customer order'
        end
        || case
            when not is_measurable then ' (nobody noted what it held before)'
            when leg_state = 'failed' and unit = 'days' then ' (moved by ' || {{ number_text('actual_delta') }} || ' of ' || {{ number_text('expected_delta') }} || ' days)'
            when leg_state = 'failed' then ' (moved by ' || {{ money_text('actual_delta', 'currency') }} || ')'
            else ''
        end as leg_text
    from {{ ref('rec_c06_leg') }}
    where is_due

),

changes as (

    select
        change_request_id,
        max(change_request_name) as change_request_name,
        max(opportunity_name) as opportunity_name,
        max(project_id) as project_id,
        max(customer_id) as customer_id,
        max(legal_entity_id) as legal_entity_id,
        max(business_unit_id) as business_unit_id,
        max(practice_id) as practice_id,
        max(amount) as amount,
        max(currency) as currency,
        max(approved_on) as approved_on,
        max(business_days_since_approval) as business_days_since_approval,
        max(case when is_measurable then 1 else 0 end) = 1 as is_measurable,
        {{ listagg('leg_text', ', ', 'leg_order') }} as legs
    from due
    group by change_request_id

),

early as (

    select
        work.*,
        changes.change_request_name,
        changes.amount as change_amount,
        changes.currency as change_currency,
        changes.approved_on,
        projects.project_name,
        projects.customer_id,
        projects.legal_entity_id,
        projects.business_unit_id,
        projects.practice_id,
        row_number() over (partition by work.change_request_id order by work.amount desc nulls last, work.currency) as preference
    from {{ ref('rec_c06_early_work') }} as work
    inner join {{ ref('fct_change_request') }} as changes
        on work.change_request_id = changes.change_request_id
    left join {{ ref('dim_project') }} as projects
        on work.project_id = projects.project_id

),

broken as (

    select
        change_request_id as matching_key,
        '' as period,
        case when is_measurable then settings.severity else 'S4' end as severity,
        'Approved change is not carried through' as title,
        'Change ' || change_request_name || ' of ' || coalesce(opportunity_name, 'an unknown deal') || ' over ' || {{ money_text('amount', 'currency') }}
        || ' was approved on ' || {{ as_text('approved_on') }} || ', ' || {{ as_text('business_days_since_approval') }}
        || ' business days ago. Not carried through since: ' || legs || '.' as explanation,
        'change_request' as subject_type,
        change_request_id as subject_id,
        change_request_name as subject_name,
        customer_id,
        project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        abs(amount) as amount_at_risk,
        currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        approved_on as occurred_on
    from changes
    cross join settings

    union all

    select
        'early:' || change_request_id as matching_key,
        '' as period,
        case when is_billed_or_recognised then 'S1' else settings.severity end as severity,
        'Work on a change before its approval' as title,
        {{ as_text('bookings') }} || ' bookings worth ' || {{ money_text('amount', 'currency') }} || ' stand on the task of change ' || change_request_name || ' of ' || project_name
        || ', the first on ' || {{ as_text('first_booked_on') }} || '. The change '
        || coalesce('was approved on ' || {{ as_text('approved_on') }}, 'is not approved')
        || case when is_billed_or_recognised then '; they are billed or earned revenue already.' else '.' end as explanation,
        'change_request' as subject_type,
        change_request_id as subject_id,
        change_request_name as subject_name,
        customer_id,
        project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        amount as amount_at_risk,
        currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        first_booked_on as occurred_on
    from early
    cross join settings
    where preference = 1

)

{{ finding_rows('C06', 'broken') }}
