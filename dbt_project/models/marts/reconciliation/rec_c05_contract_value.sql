with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'C05'

),

-- a change in its grace makes the values wait; one that C06 reports explains why they differ
changing as (

    select
        deals.group_id,
        legs.currency,
        max(case when not legs.is_due then 1 else 0 end) = 1 as is_in_grace,
        max(case when legs.is_due and legs.leg in ('psa_budget', 'erp_schedule') then 1 else 0 end) = 1 as is_explained
    from {{ ref('rec_c06_leg') }} as legs
    inner join {{ ref('rec_c05_group') }} as deals
        on legs.opportunity_id = deals.opportunity_id
    group by deals.group_id, legs.currency

),

compared as (

    select
        contracts.*,
        settings.severity as listed_severity,
        coalesce(changing.is_explained, false) as is_explained,
        {{ rounding_allowance('contracts.currency', 'contracts.lines') }} + settings.tolerance as allowance,
        contracts.has_schedule and not contracts.is_frame as is_schedule_compared,
        case
            when contracts.is_frame then greatest(coalesce(contracts.psa_value, contracts.crm_value) - contracts.crm_value, 0)
            else abs(coalesce(contracts.psa_value, 0) - contracts.crm_value)
        end as crm_psa,
        abs(coalesce(contracts.erp_value, 0) - contracts.crm_value) as crm_erp,
        abs(coalesce(contracts.erp_value, 0) - coalesce(contracts.psa_value, 0)) as psa_erp
    from {{ ref('rec_c05_contract') }} as contracts
    cross join settings
    left join changing
        on contracts.group_id = changing.group_id and contracts.currency = changing.currency
    left join {{ ref('dim_legal_entity') }} as entities
        on coalesce(contracts.legal_entity_id, settings.reporting_entity) = entities.legal_entity_id
    inner join {{ ref('dim_calendar_day') }} as signed_day
        on entities.calendar_code = signed_day.calendar_code and contracts.signed_on = signed_day.calendar_date
    inner join {{ ref('dim_calendar_day') }} as today
        on entities.calendar_code = today.calendar_code and today.calendar_date = {{ as_of_date() }}
    where not coalesce(changing.is_in_grace, false)
        and {{ business_days('signed_day', 'today') }} > settings.grace_days

),

differing as (

    select
        *,
        case when is_schedule_compared then greatest(crm_psa, crm_erp, psa_erp) else crm_psa end as difference,
        case
            when crm_value is null then 'the CRM names no signed value'
            when is_frame and crm_psa > allowance then 'the PSA budget is above the frame that was signed'
            when not is_schedule_compared and crm_psa > allowance then 'CRM and PSA differ'
            when not is_schedule_compared then null
            when greatest(crm_psa, crm_erp, psa_erp) <= allowance then null
            when least(crm_psa, crm_erp, psa_erp) > allowance then 'all three differ'
            when crm_psa <= allowance and crm_erp > allowance then 'CRM and PSA agree, the ERP schedule differs'
            when crm_erp <= allowance and crm_psa > allowance then 'CRM and ERP agree, the PSA budget differs'
            when psa_erp <= allowance and crm_psa > allowance then 'PSA and ERP agree, the CRM differs'
            else 'PSA budget and ERP schedule differ'
        end as disagreement
    from compared

),

broken as (

    select
        contract_id as matching_key,
        '' as period,
        case when crm_value is null then 'S4' else {{ money_severity('difference', 'crm_value', 'listed_severity') }} end as severity,
        'Contract value disagrees between systems' as title,
        'Contract ' || coalesce(contract_numbers, contract_id) || ': CRM ' || {{ money_text('crm_value', 'currency') }}
        || ' with its changes, PSA budget ' || case when psa_value is null then 'none' else {{ money_text('psa_value', 'currency') }} end
        || ', ERP schedule ' || case when erp_value is null then 'none' else {{ money_text('erp_value', 'currency') }} end
        || '; ' || disagreement || '.' as explanation,
        'contract' as subject_type,
        contract_id as subject_id,
        contract_numbers as subject_name,
        customer_id,
        project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        difference as amount_at_risk,
        currency,
        false as is_amount_estimated,
        not is_explained as is_primary_cause,
        signed_on as occurred_on
    from differing
    where disagreement is not null

)

{{ finding_rows('C05', 'broken') }}
