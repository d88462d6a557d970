-- an attribute on which the ERP's own records disagree goes to a person
with attributes as (

    select
        findings.finding_id,
        comparison.attribute,
        copies.instance as target_instance,
        copies.record_id as target_record_id,
        copies.legal_name as copy_legal_name,
        copies.billing_address as copy_address,
        copies.payment_terms_days as copy_terms,
        truth.legal_name,
        truth.billing_address,
        truth.payment_terms_days
    from {{ ref('fct_findings') }} as findings
    inner join {{ ref('rec_c03_comparison') }} as comparison
        on findings.matching_key = comparison.matching_key and not comparison.is_ambiguous
    inner join {{ ref('dim_customer_account') }} as copies
        on comparison.customer_account_id = copies.customer_account_id and copies.system = 'kantata'
    inner join {{ ref('dim_customer_account') }} as truth
        on comparison.truth_account_id = truth.customer_account_id
    where findings.check_id = 'C03'

),

changes as (

    {% for attribute, field, copy, truth, value_type in [
        ('legal_name', 'legal_name', 'copy_legal_name', 'legal_name', 'text'),
        ('billing_address', 'address', 'copy_address', 'billing_address', 'text'),
        ('payment_terms', 'payment_terms_days', 'copy_terms', 'payment_terms_days', 'int'),
    ] %}
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
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

{{ sync_rows('changes', 'kantata', 'workspace_group') }}
