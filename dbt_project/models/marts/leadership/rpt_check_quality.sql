-- how good each check is: what section 8 of the reconciliation catalogue publishes
with counted as (

    select
        check_id,
        count(*) as findings_ever,
        sum(case when is_open and finding_state <> 'waived' then 1 else 0 end) as findings_open,
        sum(case when finding_state = 'waived' then 1 else 0 end) as findings_waived,
        sum(case when not is_open then 1 else 0 end) as findings_closed,
        sum(case when is_rule_disputed then 1 else 0 end) as findings_rule_wrong,
        sum(hours_to_resolve) as hours_to_resolve,
        sum(case when closed_by = 'automation' then 1 else 0 end) as closed_by_automation,
        sum(case when closed_by in ('automation', 'correction') then 1 else 0 end) + sum(times_recurred) as times_corrected,
        sum(times_recurred) as times_recurred
    from {{ ref('fct_finding_state') }}
    group by check_id

)

select
    settings.check_id,
    settings.check_name,
    settings.owner_role,
    cast(coalesce(counted.findings_ever, 0) as bigint) as findings_ever,
    cast(coalesce(counted.findings_open, 0) as bigint) as findings_open,
    cast(coalesce(counted.findings_waived, 0) as bigint) as findings_waived,
    cast(coalesce(counted.findings_closed, 0) as bigint) as findings_closed,
    cast(coalesce(counted.findings_rule_wrong, 0) as bigint) as findings_rule_wrong,
    {{ ratio('counted.findings_rule_wrong', 'counted.findings_closed') }} as false_positive_rate,
    5 * counted.findings_rule_wrong > counted.findings_closed as is_back_to_draft,
    cast({{ ratio('counted.hours_to_resolve', 'counted.findings_closed') }} as decimal(18, 4)) as average_hours_to_resolve,
    cast(coalesce(counted.times_recurred, 0) as bigint) as times_recurred,
    {{ ratio('counted.times_recurred', 'counted.times_corrected') }} as recurrence_rate,
    cast(coalesce(counted.closed_by_automation, 0) as bigint) as closed_by_automation,
    {{ ratio('counted.closed_by_automation', 'counted.findings_closed') }} as automation_share
from {{ ref('rec_check_setting') }} as settings
left join counted
    on settings.check_id = counted.check_id
