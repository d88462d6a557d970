with broken as (

    select
        items.item_key as matching_key,
        {{ month_text('items.month_end') }} as period,
        case when items.is_closed then 'S2' else 'S3' end as severity,
        case items.item_type
            when 'time' then 'Time is not approved'
            when 'expense' then 'Expense is not approved'
            else 'Timesheet was never submitted'
        end || case when items.is_closed then ' and its month has closed' else ' and its month is about to close' end as title,
        coalesce(resources.full_name, 'Somebody')
        || case items.item_type
            when 'time' then ' has ' || {{ hours_text('items.hours') }} || ' from ' || {{ as_text('items.first_day') }} || ' on ' || coalesce(projects.project_name, items.project_id) || ' without approval.'
            when 'expense' then ' has an expense of ' || {{ money_text('items.amount', 'items.currency') }} || ' of ' || {{ as_text('items.first_day') }} || ' on ' || coalesce(projects.project_name, items.project_id) || ' without approval.'
            else ' submitted nothing for the week of ' || {{ as_text('items.first_day') }} || '; ' || {{ hours_text('items.hours') }} || ' were expected.'
        end
        || case when items.is_closed then ' What is approved later belongs to the first open period.' else ' Remind whoever approves.' end as explanation,
        case items.item_type when 'expense' then 'expense' when 'time' then 'timesheet' else 'resource' end as subject_type,
        case items.item_type when 'missing' then items.resource_id else items.item_key end as subject_id,
        coalesce(resources.full_name, items.resource_id) as subject_name,
        projects.customer_id,
        items.project_id,
        items.legal_entity_id,
        coalesce(projects.business_unit_id, resources.business_unit_id) as business_unit_id,
        coalesce(projects.practice_id, resources.practice_id) as practice_id,
        items.amount as amount_at_risk,
        items.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        items.month_end as occurred_on
    from {{ ref('rec_t04_open_item') }} as items
    left join {{ ref('dim_resource') }} as resources
        on items.resource_id = resources.resource_id
    left join {{ ref('dim_project') }} as projects
        on items.project_id = projects.project_id

)

{{ finding_rows('T04', 'broken') }}
