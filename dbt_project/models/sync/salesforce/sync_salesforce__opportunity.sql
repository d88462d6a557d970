with changes as (

    select
        findings.finding_id,
        comparison.instance as target_instance,
        comparison.source_id as target_record_id,
        comparison.target_column as field,
        comparison.crm_value as expected_value,
        comparison.erp_value as new_value,
        comparison.value_type
    from {{ ref('fct_findings') }} as findings
    inner join {{ ref('rec_b05_comparison') }} as comparison
        on findings.matching_key = comparison.opportunity_id || '|' || comparison.field
    where findings.check_id = 'B05'

)

{{ sync_rows('changes', 'salesforce', 'opportunity') }}
