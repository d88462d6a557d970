with milestones as (

    select
        project_id,
        sum(case when accepted_on is null then 1 else 0 end) as not_accepted,
        sum(case when invoice_id is null and amount > 0 then 1 else 0 end) as not_billed
    from {{ ref('fct_milestone') }}
    group by project_id

),

hours as (

    select
        project_id,
        sum(case when is_billable and not is_approved then 1 else 0 end) as not_approved,
        sum(case when is_billable and not is_invoiced then 1 else 0 end) as not_billed
    from {{ ref('fct_time_entry') }}
    group by project_id

),

-- a booking that has not begun keeps its dates and loses its minutes; a running one ends today
bookings as (

    select
        project_id,
        source_id,
        '{"allocation_id":' || {{ json_text('source_id') }}
        || ',"ends_on":' || {{ json_text(as_text('case when start_date > ' ~ as_of_date() ~ ' then end_date else ' ~ as_of_date() ~ ' end')) }}
        || ',"minutes_left":'
        || case
            when start_date > {{ as_of_date() }} then '"0"'
            else {{ json_text(as_text('cast(round(allocated_hours * 60, 0) as bigint)')) }}
        end || '}' as booking
    from {{ ref('fct_assignment') }}
    where end_date > {{ as_of_date() }}

),

open_bookings as (

    select
        project_id,
        {{ listagg('booking', ',', 'source_id') }} as listed
    from bookings
    group by project_id

)

select
    projects.project_id as trigger_key,
    projects.project_id,
    projects.project_name,
    projects.customer_id,
    customers.customer_name,
    projects.legal_entity_id,
    projects.business_unit_id,
    projects.budget_amount as amount,
    projects.currency,
    {{ round_money(converted('projects.budget_amount', 'rates.rate'), 'firm.reporting_currency') }} as amount_rc,
    projects.project_status in ('active', 'on_hold') as is_open,
    coalesce(milestones.not_accepted, 0) = 0 and coalesce(hours.not_approved, 0) = 0 as is_all_accepted,
    coalesce(milestones.not_billed, 0) = 0
    and case when projects.contract_type = 'time_and_materials' then coalesce(hours.not_billed, 0) = 0 else true end
        as is_all_billed,
    {{ as_of_date() }} as closed_on,
    projects.instance as psa_instance,
    projects.source_id as psa_workspace_id,
    '[' || coalesce(open_bookings.listed, '') || ']' as open_allocations,
    projects.erp_instance,
    projects.erp_project_id,
    opportunities.instance as crm_instance,
    opportunities.source_id as crm_opportunity_id,
    projects.loaded_at as source_loaded_at
from {{ ref('dim_project') }} as projects
left join {{ ref('dim_customer') }} as customers on projects.customer_id = customers.customer_id
left join {{ ref('fct_opportunity') }} as opportunities on projects.opportunity_id = opportunities.opportunity_id
left join milestones on projects.project_id = milestones.project_id
left join hours on projects.project_id = hours.project_id
left join open_bookings on projects.project_id = open_bookings.project_id
cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
left join {{ ref('rec_fx_rate') }} as rates
    on projects.currency = rates.from_currency and firm.reporting_currency = rates.to_currency
where projects.is_chargeable
