-- primary findings sum no more than the records they are primary for, and each record is primary for one check only: so
-- amounts of findings may be added up. One main unit is rounding.
with counted as (

    select
        check_id,
        matching_key,
        period,
        sum(amount) as amount
    from {{ ref('rec_primary_record') }}
    group by check_id, matching_key, period

)

select
    findings.finding_id,
    findings.check_id,
    findings.matching_key,
    findings.amount_at_risk,
    counted.amount
from {{ ref('fct_findings') }} as findings
left join counted
    on findings.check_id = counted.check_id
    and findings.matching_key = counted.matching_key
    and findings.period = counted.period
where findings.check_id in ('R01', 'R02', 'T02', 'T01', 'B01')
    and findings.is_primary_cause
    and findings.amount_at_risk > coalesce(counted.amount, 0) + 1
