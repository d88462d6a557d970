with counted as (

    select
        check_id,
        count(*) as findings,
        sum(case when is_primary_cause then amount_at_risk_rc end) as amount_at_risk_rc
    from {{ ref('fct_findings') }}
    group by check_id

)

select
    settings.check_id,
    settings.check_name,
    settings.is_enabled and freshness.is_fresh as is_evaluated,
    case
        when not settings.is_enabled then 'switched off in config/checks.yml'
        else freshness.reason
    end as reason,
    cast(coalesce(counted.findings, 0) as bigint) as findings,
    cast(counted.amount_at_risk_rc as decimal(18, 4)) as amount_at_risk_rc,
    {{ as_of() }} as detected_as_of,
    freshness.source_loaded_at,
    settings.severity,
    settings.owner_role
from {{ ref('rec_check_setting') }} as settings
inner join {{ ref('rec_check_freshness') }} as freshness
    on settings.check_id = freshness.check_id
left join counted
    on settings.check_id = counted.check_id
