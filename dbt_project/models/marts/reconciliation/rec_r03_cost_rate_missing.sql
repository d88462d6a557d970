with broken as (

    select
        gaps.resource_id || '|' || gaps.reason as matching_key,
        '' as period,
        settings.severity,
        case gaps.reason
            when 'missing' then 'Person without a cost rate'
            when 'late' then 'Cost rate begins after the first booked time'
            when 'zero' then 'Cost rate is zero'
            when 'stale' then 'Cost rate is too old'
            when 'psa_missing' then 'Cost rate is not in the delivery system'
            else 'Cost rate in the delivery system changed apart from HR pay'
        end as title,
        resources.full_name || case gaps.reason
            when 'psa_missing' then ' has a cost rate from HR pay, but none in the delivery system, where projects see no cost of the work.'
            when 'psa_differs' then ' has another cost rate in the delivery system than HR pay gives. Nothing in HR explains the difference.'
            else ' booked ' || {{ hours_text('gaps.hours') }} || ' from ' || {{ as_text('gaps.first_day') }} || ' to ' || {{ as_text('gaps.last_day') }}
                || case gaps.reason
                    when 'missing' then ' and has no cost rate on those days.'
                    when 'late' then ', before the first cost rate.'
                    when 'zero' then ' at a cost of zero.'
                    else ' at a cost rate set too long ago.'
                end || ' The margin of that work cannot be trusted.'
        end as explanation,
        'resource' as subject_type,
        gaps.resource_id as subject_id,
        resources.full_name as subject_name,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        resources.legal_entity_id,
        resources.business_unit_id,
        resources.practice_id,
        -- an amount would let readers of findings work out what a person is paid
        cast(null as decimal(18, 4)) as amount_at_risk,
        cast(null as {{ dbt.type_string() }}) as currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        gaps.first_day as occurred_on
    from {{ ref('rec_r03_gap') }} as gaps
    inner join {{ ref('dim_resource') }} as resources
        on gaps.resource_id = resources.resource_id
    cross join (select severity from {{ ref('rec_check_setting') }} where check_id = 'R03') as settings

)

{{ finding_rows('R03', 'broken') }}
