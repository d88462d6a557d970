with holds as (

    select
        findings.finding_id,
        holds.crm_instance as target_instance,
        holds.crm_account_id as target_record_id,
        'erp_credit_hold' as field,
        {{ as_text('holds.crm_hold') }} as expected_value,
        {{ as_text('holds.erp_hold') }} as new_value,
        'bool' as value_type
    from {{ ref('fct_findings') }} as findings
    inner join {{ ref('rec_b05_credit_hold') }} as holds
        on findings.matching_key = holds.crm_instance || ':Account:' || holds.crm_account_id || '|credit_hold'
    where findings.check_id = 'B05'

),

-- an attribute on which the ERP's own records disagree goes to a person
attributes as (

    select
        findings.finding_id,
        comparison.attribute,
        copies.instance as target_instance,
        copies.record_id as target_record_id,
        copies.legal_name as copy_legal_name,
        copies.billing_street as copy_street,
        copies.billing_city as copy_city,
        copies.billing_postal_code as copy_postal_code,
        copies.payment_terms_days as copy_terms,
        truth.legal_name,
        truth.billing_street,
        truth.billing_city,
        truth.billing_postal_code,
        truth.payment_terms_days
    from {{ ref('fct_findings') }} as findings
    inner join {{ ref('rec_c03_comparison') }} as comparison
        on findings.matching_key = comparison.matching_key and not comparison.is_ambiguous
    inner join {{ ref('dim_customer_account') }} as copies
        on comparison.customer_account_id = copies.customer_account_id and copies.system = 'salesforce'
    inner join {{ ref('dim_customer_account') }} as truth
        on comparison.truth_account_id = truth.customer_account_id
    where findings.check_id = 'C03'

),

changes as (

    select * from holds
    {% for attribute, field, copy, truth, value_type in [
        ('legal_name', 'legal_name', 'copy_legal_name', 'legal_name', 'text'),
        ('billing_address', 'billing_street', 'copy_street', 'billing_street', 'text'),
        ('billing_address', 'billing_city', 'copy_city', 'billing_city', 'text'),
        ('billing_address', 'billing_postal_code', 'copy_postal_code', 'billing_postal_code', 'text'),
        ('payment_terms', 'payment_terms_days', 'copy_terms', 'payment_terms_days', 'int'),
    ] %}
    union all
    select
        finding_id,
        target_instance,
        target_record_id,
        '{{ field }}' as field,
        {{ as_text(copy) }} as expected_value,
        {{ as_text(truth) }} as new_value,
        '{{ value_type }}' as value_type
    from attributes
    where attribute = '{{ attribute }}' and {{ truth }} is not null
    {% endfor %}

)

{{ sync_rows('changes', 'salesforce', 'account') }}
