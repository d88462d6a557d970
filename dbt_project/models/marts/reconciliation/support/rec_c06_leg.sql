with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'C06'

),

projects as (

    select
        links.opportunity_id,
        min(links.project_id) as project_id
    from {{ ref('bridge_project_opportunity') }} as links
    inner join {{ ref('dim_project') }} as projects
        on links.project_id = projects.project_id
    where coalesce(projects.project_status, 'active') <> 'archived'
    group by links.opportunity_id

)

select
    legs.change_request_leg_id,
    changes.change_request_id,
    changes.change_request_name,
    changes.opportunity_id,
    opportunities.opportunity_name,
    projects.project_id,
    opportunities.customer_id,
    opportunities.legal_entity_id,
    opportunities.business_unit_id,
    opportunities.practice_id,
    changes.amount,
    changes.currency,
    changes.approved_on,
    legs.leg,
    legs.leg_order,
    legs.leg_state,
    legs.is_measurable,
    legs.expected_delta,
    legs.actual_delta,
    legs.unit,
    cast({{ business_days('approved_day', 'today') }} as bigint) as business_days_since_approval,
    {{ business_days('approved_day', 'today') }} > settings.grace_days as is_due
from {{ ref('fct_change_request_leg') }} as legs
inner join {{ ref('fct_change_request') }} as changes
    on legs.change_request_id = changes.change_request_id
cross join settings
left join {{ ref('fct_opportunity') }} as opportunities
    on changes.opportunity_id = opportunities.opportunity_id
left join projects
    on changes.opportunity_id = projects.opportunity_id
left join {{ ref('dim_legal_entity') }} as entities
    on coalesce(opportunities.legal_entity_id, settings.reporting_entity) = entities.legal_entity_id
inner join {{ ref('dim_calendar_day') }} as approved_day
    on entities.calendar_code = approved_day.calendar_code and changes.approved_on = approved_day.calendar_date
inner join {{ ref('dim_calendar_day') }} as today
    on entities.calendar_code = today.calendar_code and today.calendar_date = {{ as_of_date() }}
where changes.is_approved and legs.leg_state in ('pending', 'failed')
