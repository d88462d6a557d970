with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'C04'

),

groups as (

    select
        matching_key,
        max(case when is_too_large then 1 else 0 end) = 1 as is_too_large,
        count(*) as account_count,
        max(case when place = 1 then customer_id end) as customer_id,
        max(case when place = 1 then record_name end) as kept_name,
        max(case when place = 1 then instance || ' ' || record_id end) as kept_record,
        sum(case when open_deal_count > 0 then 1 else 0 end) as accounts_with_deals,
        count(distinct owner_email) as owners,
        {{ listagg("instance || ' \"' || record_name || '\"'", ', ', 'place') }} as listed,
        max(created_at) as doubled_at
    from {{ ref('rec_c04_account') }}
    group by matching_key

),

broken as (

    select
        groups.matching_key,
        '' as period,
        case when groups.accounts_with_deals > 1 or groups.owners > 1 then 'S2' else settings.severity end as severity,
        case when groups.is_too_large then 'Too many accounts look like one company' else 'Company is in several CRMs' end as title,
        case
            when groups.is_too_large
                then {{ as_text('groups.account_count') }} || ' accounts share a domain or a name and are not joined: ' || groups.listed
                    || '. More than ' || {{ number_text(check_parameter('C04', 'largest_group')) }} || ' are rarely one company; a data steward splits them.'
            else groups.listed || ' are one company. By the survivor rule ' || groups.kept_record || ' ("' || groups.kept_name || '") is kept;'
                || ' a data steward may merge in the CRM, never a machine.'
        end
        || case when groups.owners > 1 then ' They have different owners.' else '' end
        || case when groups.accounts_with_deals > 1 then ' Several have open opportunities.' else '' end as explanation,
        'customer' as subject_type,
        groups.customer_id as subject_id,
        groups.kept_name as subject_name,
        groups.customer_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        cast(null as {{ dbt.type_string() }}) as legal_entity_id,
        customers.business_unit_id,
        cast(null as {{ dbt.type_string() }}) as practice_id,
        cast(null as decimal(18, 4)) as amount_at_risk,
        customers.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        -- double since the younger of them was made
        cast(groups.doubled_at as date) as occurred_on
    from groups
    inner join {{ ref('dim_customer') }} as customers
        on groups.customer_id = customers.customer_id
    cross join settings

)

{{ finding_rows('C04', 'broken') }}
