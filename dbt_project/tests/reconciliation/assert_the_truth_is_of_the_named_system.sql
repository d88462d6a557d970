-- A finding says which system holds the truth; the record shown as the truth must be of that system. Control totals (X03)
-- say 'source': whichever system was read.
select
    findings.finding_id,
    findings.check_id,
    findings.truth_system,
    records.instance
from {{ ref('fct_finding_record') }} as records
inner join {{ ref('fct_findings') }} as findings
    on records.finding_id = findings.finding_id
inner join {{ ref('rec_source_instance') }} as instances
    on records.instance = instances.instance
where records.role = 'truth' and findings.truth_system not in (instances.system_role, 'source')
