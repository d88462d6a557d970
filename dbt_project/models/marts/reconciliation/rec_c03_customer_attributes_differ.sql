with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'C03'

),

broken as (

    select
        comparison.matching_key,
        '' as period,
        case when comparison.attribute in ('tax_id', 'currency') then 'S2' else settings.severity end as severity,
        'Customer ' || replace(comparison.attribute, '_', ' ') || ' differs' as title,
        'For ' || customers.customer_name || ', ' || comparison.instance || ' holds ' || replace(comparison.attribute, '_', ' ') || ' '
        || coalesce(comparison.copy_value, '(nothing)') || '; the ERP says ' || comparison.truth_value || '.' as explanation,
        'customer' as subject_type,
        comparison.customer_id as subject_id,
        customers.customer_name as subject_name,
        comparison.customer_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        cast(null as {{ dbt.type_string() }}) as legal_entity_id,
        customers.business_unit_id,
        cast(null as {{ dbt.type_string() }}) as practice_id,
        cast(0 as decimal(18, 4)) as amount_at_risk,
        customers.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        cast(comparison.changed_at as date) as occurred_on
    from {{ ref('rec_c03_comparison') }} as comparison
    inner join {{ ref('dim_customer') }} as customers
        on comparison.customer_id = customers.customer_id
    cross join settings
    where comparison.is_different

)

{{ finding_rows('C03', 'broken') }}
