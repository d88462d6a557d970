with deal_projects as (

    select
        *,
        count(*) over (partition by opportunity_id) as projects_of_deal,
        row_number() over (partition by opportunity_id order by project_id) as preference
    from {{ ref('dim_project') }}
    where opportunity_id is not null and project_status in ('active', 'on_hold')

),

-- a copy that moved already, or whose movement nobody can measure, would count the change twice
money_legs as (

    select
        change_request_id,
        count(*) = count(case when leg_state = 'pending' and is_measurable then 1 end) as is_uncarried
    from {{ ref('fct_change_request_leg') }}
    where unit = 'money' and leg_state <> 'not_needed'
    group by change_request_id

)

select
    changes.change_request_id as trigger_key,
    changes.change_request_name as change_name,
    changes.approved_on,
    changes.instance as crm_instance,
    opportunities.source_id as crm_opportunity_id,
    opportunities.customer_id,
    customers.customer_name,
    projects.legal_entity_id,
    projects.business_unit_id,
    projects.project_id,
    projects.project_name,
    changes.amount,
    changes.currency,
    {{ round_money(converted('changes.amount', 'rates.rate'), 'firm.reporting_currency') }} as amount_rc,
    coalesce(changes.currency = projects.currency and changes.currency = opportunities.currency, false) as is_currency_agreed,
    coalesce(projects.projects_of_deal = 1, false) as is_project_certain,
    coalesce(money_legs.is_uncarried, false) as is_uncarried,
    opportunities.services_amount as services_before,
    cast(opportunities.services_amount + changes.amount as decimal(18, 4)) as services_after,
    projects.instance as psa_instance,
    projects.source_id as psa_workspace_id,
    projects.budget_amount as budget_before,
    cast(projects.budget_amount + changes.amount as decimal(18, 4)) as budget_after,
    projects.erp_instance,
    projects.erp_project_id,
    jobs.customer_id as erp_customer_id,
    jobs.subsidiary_id as erp_subsidiary_id,
    jobs.currency_id as erp_currency_id,
    coalesce(projects.end_date, changes.approved_on) as line_date,
    changes.loaded_at as source_loaded_at
from {{ ref('fct_change_request') }} as changes
left join {{ ref('fct_opportunity') }} as opportunities on changes.opportunity_id = opportunities.opportunity_id
left join {{ ref('dim_customer') }} as customers on opportunities.customer_id = customers.customer_id
left join money_legs on changes.change_request_id = money_legs.change_request_id
left join deal_projects as projects
    on changes.opportunity_id = projects.opportunity_id and projects.preference = 1
left join {{ ref('stg_netsuite__jobs') }} as jobs
    on projects.erp_instance = jobs.instance and projects.erp_project_id = jobs.job_id
cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
left join {{ ref('rec_fx_rate') }} as rates
    on changes.currency = rates.from_currency and firm.reporting_currency = rates.to_currency
where changes.approved_on is not null
