with changes as (

    select
        findings.finding_id,
        milestones.erp_instance as target_instance,
        milestones.erp_schedule_line_id as target_record_id,
        'stage' as field,
        held.vendor_value as expected_value,
        ready.vendor_value as new_value,
        'text' as value_type
    from {{ ref('fct_findings') }} as findings
    inner join {{ ref('fct_milestone') }} as milestones
        on findings.subject_id = milestones.milestone_id
    inner join {{ ref('rec_vendor_code') }} as held
        on milestones.erp_instance = held.instance
        and held.field = 'charge_stage'
        and milestones.erp_schedule_stage = held.canonical_value
    inner join {{ ref('rec_vendor_code') }} as ready
        on milestones.erp_instance = ready.instance
        and ready.field = 'charge_stage'
        and ready.canonical_value = 'ready'
    where findings.check_id = 'B01'
        and milestones.erp_schedule_line_id is not null
        and milestones.erp_schedule_stage = 'hold'

)

{{ sync_rows('changes', 'netsuite', 'charge') }}
