with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'C03'

),

-- a tax id that is about to be printed on an invoice cannot wait
invoiced_next as (

    select customer_id
    from {{ ref('fct_invoice') }}
    where invoice_status = 'draft'
    union
    select projects.customer_id
    from {{ ref('fct_psa_invoice') }} as drafts
    inner join {{ ref('dim_project') }} as projects
        on drafts.project_id = projects.project_id
    where drafts.is_draft and drafts.invoice_id is null

),

customers as (

    select
        customers.customer_id,
        customers.customer_name,
        customers.business_unit_id,
        customers.currency,
        invoiced_next.customer_id is not null as is_invoiced_next
    from {{ ref('dim_customer') }} as customers
    left join invoiced_next
        on customers.customer_id = invoiced_next.customer_id

),

differing as (

    select
        comparison.matching_key,
        comparison.customer_id,
        comparison.changed_at,
        case
            when comparison.attribute = 'tax_id' and customers.is_invoiced_next then 'S1'
            when comparison.attribute in ('tax_id', 'currency') then 'S2'
            else settings.severity
        end as severity,
        'Customer ' || replace(comparison.attribute, '_', ' ') || case when comparison.attribute = 'payment_terms' then ' differ' else ' differs' end
        || ' from the ERP' as title,
        case
            when comparison.copy_value is null
                then comparison.instance || ' holds no ' || replace(comparison.attribute, '_', ' ') || ' for ' || customers.customer_name
            else 'For ' || customers.customer_name || ', ' || comparison.instance || ' holds the ' || replace(comparison.attribute, '_', ' ') || ' "'
                || comparison.copy_value || case when comparison.attribute = 'payment_terms' then ' days' else '' end || '"'
        end
        || '; the ERP says "' || comparison.truth_value || case when comparison.attribute = 'payment_terms' then ' days' else '' end
        || '".' as explanation
    from {{ ref('rec_c03_comparison') }} as comparison
    inner join customers
        on comparison.customer_id = customers.customer_id
    cross join settings
    where comparison.is_different

),

impossible as (

    select
        wrong.matching_key,
        wrong.customer_id,
        wrong.changed_at,
        case when customers.is_invoiced_next then 'S1' else 'S2' end as severity,
        'Customer tax id cannot be right' as title,
        'For ' || customers.customer_name || ', ' || wrong.instance || ' holds the tax id "' || wrong.tax_id
        || '": its length or its check digit breaks the scheme of the country that issues it.' as explanation
    from {{ ref('rec_c03_tax_id') }} as wrong
    inner join customers
        on wrong.customer_id = customers.customer_id

),

noticed as (

    select * from differing
    union all
    select * from impossible

),

broken as (

    select
        noticed.matching_key,
        '' as period,
        noticed.severity,
        noticed.title,
        noticed.explanation,
        'customer' as subject_type,
        noticed.customer_id as subject_id,
        customers.customer_name as subject_name,
        noticed.customer_id,
        cast(null as {{ dbt.type_string() }}) as project_id,
        cast(null as {{ dbt.type_string() }}) as legal_entity_id,
        customers.business_unit_id,
        cast(null as {{ dbt.type_string() }}) as practice_id,
        cast(null as decimal(18, 4)) as amount_at_risk,
        customers.currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        -- nobody knows when the two parted; they have stood as they are since the later of their changes
        cast(noticed.changed_at as date) as occurred_on
    from noticed
    inner join customers
        on noticed.customer_id = customers.customer_id
    union all
    select
        matching_key,
        '' as period,
        severity,
        title,
        explanation,
        subject_type,
        subject_id,
        subject_name,
        customer_id,
        project_id,
        legal_entity_id,
        business_unit_id,
        practice_id,
        cast(null as decimal(18, 4)) as amount_at_risk,
        currency,
        false as is_amount_estimated,
        true as is_primary_cause,
        occurred_on
    from {{ ref('rec_c03_structure') }}

)

{{ finding_rows('C03', 'broken', rule_version='3') }}
