with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'B05'

),

deals as (

    select
        comparison.opportunity_id || '|' || comparison.field as matching_key,
        settings.severity,
        'CRM shows ' || comparison.shown_field as title,
        'For deal ' || opportunities.opportunity_name || ' the CRM says that ' || comparison.crm_clause
        || '; the ERP invoices say that ' || comparison.erp_clause || '.'
        || case
            when comparison.field = 'open_amount'
                then ' The difference is ' || {{ money_text('abs(comparison.difference)', 'opportunities.currency') }} || '.'
            else ''
        end as explanation,
        'opportunity' as subject_type,
        comparison.opportunity_id as subject_id,
        opportunities.opportunity_name as subject_name,
        opportunities.customer_id,
        opportunities.legal_entity_id,
        opportunities.business_unit_id,
        opportunities.practice_id,
        opportunities.currency,
        cast(comparison.changed_at as date) as occurred_on
    from {{ ref('rec_b05_comparison') }} as comparison
    inner join {{ ref('fct_opportunity') }} as opportunities
        on comparison.opportunity_id = opportunities.opportunity_id
    cross join settings
    where comparison.is_different and comparison.is_past_grace

),

accounts as (

    select
        holds.crm_instance || ':Account:' || holds.crm_account_id || '|credit_hold' as matching_key,
        'S2' as severity,
        'CRM shows an outdated credit hold' as title,
        case
            when holds.erp_hold
                then 'The ERP holds the credit of ' || customers.customer_name || '; the CRM account shows no credit hold.'
            else 'The CRM account of ' || customers.customer_name || ' shows a credit hold; the ERP has none.'
        end as explanation,
        'customer' as subject_type,
        holds.customer_id as subject_id,
        customers.customer_name as subject_name,
        holds.customer_id,
        cast(null as {{ dbt.type_string() }}) as legal_entity_id,
        customers.business_unit_id,
        cast(null as {{ dbt.type_string() }}) as practice_id,
        customers.currency,
        cast(holds.stands_since as date) as occurred_on
    from {{ ref('rec_b05_credit_hold') }} as holds
    inner join {{ ref('dim_customer') }} as customers
        on holds.customer_id = customers.customer_id
    where holds.is_different and holds.is_past_grace

),

collected as (

    select * from deals
    union all
    select * from accounts

),

-- an outdated copy loses no money: what is open stays open, so the difference is told in words and never added up
broken as (

    select
        collected.*,
        '' as period,
        cast(null as {{ dbt.type_string() }}) as project_id,
        cast(null as decimal(18, 4)) as amount_at_risk,
        false as is_amount_estimated,
        false as is_primary_cause
    from collected

)

{{ finding_rows('B05', 'broken') }}
