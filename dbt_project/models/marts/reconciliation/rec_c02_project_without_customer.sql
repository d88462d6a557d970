with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'C02'

),

-- several ERP records of one customer may be right; one that still serves is enough
erp as (

    select
        customer_id,
        {{ listagg('record_id', ', ', 'record_id') }} as record_ids,
        max(case when coalesce(is_inactive, false) then 0 else 1 end) = 1 as is_served
    from {{ ref('dim_customer_account') }}
    where system = 'netsuite'
    group by customer_id

),

work as (

    select
        project_id,
        currency,
        min(work_date) as first_work_date,
        sum(case when is_invoiced then 0 else bill_amount end) as unbilled_amount
    from {{ ref('fct_time_entry') }}
    where is_approved and is_billable
    group by project_id, currency

),

broken as (

    select
        projects.project_id as matching_key,
        '' as period,
        settings.severity,
        case when erp.customer_id is null then 'Project without a customer in the ERP' else 'Customer of the project is blocked in the ERP' end as title,
        'Project ' || projects.project_name || ' is for ' || coalesce(customers.customer_name, 'a client that no system names')
        || case
            when erp.customer_id is null then ', which the ERP does not know: nothing can be billed. Finance master data creates the customer.'
            else '; its ERP record ' || erp.record_ids || ' is inactive: nothing can be billed. Finance master data decides.'
        end as explanation,
        'project' as subject_type,
        projects.project_id as subject_id,
        projects.project_name as subject_name,
        projects.customer_id,
        projects.project_id,
        projects.legal_entity_id,
        projects.business_unit_id,
        projects.practice_id,
        work.unbilled_amount as amount_at_risk,
        projects.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        least(coalesce(projects.start_date, work.first_work_date), coalesce(work.first_work_date, projects.start_date)) as occurred_on
    from {{ ref('dim_project') }} as projects
    left join {{ ref('dim_customer') }} as customers
        on projects.customer_id = customers.customer_id
    left join erp
        on projects.customer_id = erp.customer_id
    left join work
        on projects.project_id = work.project_id and projects.currency = work.currency
    cross join settings
    where projects.is_chargeable
        and (projects.project_status = 'active' or work.project_id is not null)
        and not coalesce(erp.is_served, false)

)

{{ finding_rows('C02', 'broken') }}
