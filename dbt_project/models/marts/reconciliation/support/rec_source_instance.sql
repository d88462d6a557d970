with instances as (

    select
        name as instance,
        system,
        case system
            when 'salesforce' then 'crm'
            when 'netsuite' then 'erp'
            when 'kantata' then 'psa'
            when 'bamboohr' then 'hr'
            else 'other'
        end as system_role
    from {{ source('raw_config', 'instance') }}

),

attempts as (

    select
        _instance as instance,
        status,
        finished_at,
        rows_read,
        complete_until,
        row_number() over (partition by _instance order by started_at desc nulls last, run_id desc) as recency
    from {{ source('raw_landing', 'sync_run') }}

),

successes as (

    select
        instance,
        max(finished_at) as last_success_at,
        max(coalesce(complete_until, finished_at)) as complete_until
    from attempts
    where status = 'ok'
    group by instance

),

latest as (

    select
        instances.instance,
        instances.system,
        instances.system_role,
        successes.last_success_at,
        successes.complete_until,
        attempts.status as last_status,
        attempts.finished_at as last_attempt_at,
        attempts.rows_read as last_rows_read,
        {{ days('successes.last_success_at', as_of_date()) }} as days_since_success
    from instances
    left join attempts
        on instances.instance = attempts.instance and attempts.recency = 1
    left join successes
        on instances.instance = successes.instance

)

select
    instance,
    system,
    system_role,
    last_success_at,
    complete_until,
    last_status,
    last_attempt_at,
    last_rows_read,
    case
        when last_success_at is null then 'was never read'
        when last_status <> 'ok' then 'could not be read last time'
        when days_since_success > {{ var('max_source_age_days', 2) }} then 'was last read more than {{ var("max_source_age_days", 2) }} days ago'
    end as stale_reason
from latest
