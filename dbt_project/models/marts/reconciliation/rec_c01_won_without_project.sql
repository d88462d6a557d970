with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'C01'

),

-- a project that still lives, a draft included, carries the deal
carried as (

    select distinct links.opportunity_id
    from {{ ref('bridge_project_opportunity') }} as links
    inner join {{ ref('dim_project') }} as projects
        on links.project_id = projects.project_id
    where projects.project_status <> 'archived'

),

won_services as (

    select
        opportunities.*,
        entities.calendar_code
    from {{ ref('fct_opportunity') }} as opportunities
    cross join settings
    left join {{ ref('dim_legal_entity') }} as entities
        on coalesce(opportunities.legal_entity_id, settings.reporting_entity) = entities.legal_entity_id
    where opportunities.is_won
        and opportunities.services_amount > 0
        and coalesce(opportunities.opportunity_type, '') not in ('Renewal', 'Product')

),

won_without_project as (

    select
        won_services.*,
        {{ business_days('closed_on', 'today') }} as business_days_since_close
    from won_services
    cross join settings
    inner join {{ ref('dim_calendar_day') }} as closed_on
        on won_services.calendar_code = closed_on.calendar_code and won_services.close_date = closed_on.calendar_date
    inner join {{ ref('dim_calendar_day') }} as today
        on won_services.calendar_code = today.calendar_code and today.calendar_date = {{ as_of_date() }}
    left join carried
        on won_services.opportunity_id = carried.opportunity_id
    where carried.opportunity_id is null
        and {{ business_days('closed_on', 'today') }} > settings.grace_days

),

sold as (

    select distinct links.project_id
    from {{ ref('bridge_project_opportunity') }} as links
    inner join {{ ref('fct_opportunity') }} as opportunities
        on links.opportunity_id = opportunities.opportunity_id
    where opportunities.is_won

),

live_without_deal as (

    select projects.*
    from {{ ref('dim_project') }} as projects
    left join sold
        on projects.project_id = sold.project_id
    where projects.project_status = 'active'
        and projects.is_chargeable
        and sold.project_id is null

),

broken as (

    select
        opportunity_id as matching_key,
        '' as period,
        settings.severity,
        'Won deal has no project' as title,
        'Deal ' || won_without_project.opportunity_name || ' was won on ' || {{ as_text('close_date') }} || ', '
        || {{ as_text('business_days_since_close') }} || ' business days ago, with services of '
        || {{ money_text('services_amount', 'currency') }} || '. No living project carries it.' as explanation,
        'opportunity' as subject_type,
        opportunity_id as subject_id,
        opportunity_name as subject_name,
        customer_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        services_amount as amount_at_risk,
        currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        close_date as occurred_on
    from won_without_project
    cross join settings

    union all

    select
        'project:' || project_id as matching_key,
        '' as period,
        settings.severity,
        'Live chargeable project has no won deal' as title,
        'Project ' || project_name || ' is active and chargeable since ' || coalesce({{ as_text('start_date') }}, 'an unknown day')
        || ', but no won deal stands behind it.' as explanation,
        'project' as subject_type,
        project_id as subject_id,
        project_name as subject_name,
        customer_id,
        project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        budget_amount as amount_at_risk,
        currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        start_date as occurred_on
    from live_without_deal
    cross join settings

)

{{ finding_rows('C01', 'broken') }}
