select
    findings.*,
    settings.check_name,
    entities.legal_entity_name,
    units.business_unit_name,
    practices.practice_name,
    states.finding_state,
    states.first_seen_at,
    states.times_reopened,
    states.waived_until,
    states.waiver_reason
from {{ ref('fct_findings') }} as findings
inner join {{ ref('rec_check_setting') }} as settings
    on findings.check_id = settings.check_id
inner join {{ ref('fct_finding_state') }} as states
    on findings.finding_id = states.finding_id
left join {{ ref('dim_legal_entity') }} as entities
    on findings.legal_entity_id = entities.legal_entity_id
left join {{ ref('dim_business_unit') }} as units
    on findings.business_unit_id = units.business_unit_id
left join {{ ref('dim_practice') }} as practices
    on findings.practice_id = practices.practice_id
