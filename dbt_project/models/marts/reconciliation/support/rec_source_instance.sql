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
        instance,
        run_id,
        run_status as status,
        finished_at,
        rows_read,
        complete_until,
        row_number() over (partition by instance order by started_at desc nulls last, run_id desc) as recency
    from {{ ref('stg_landing__sync_runs') }}

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

age_limit as (

    select max(max_source_age_hours) as hours from {{ ref('rec_check_setting') }}

),

-- a blocking suite that failed on the latest read: what landed may not be judged
distrusted as (

    select
        results.instance,
        min(results.object_type) as object_type,
        min(results.expectation) as expectation
    from {{ ref('stg_landing__expectation_results') }} as results
    inner join attempts
        on results.run_id = attempts.run_id and attempts.recency = 1
    where results.severity = 'blocking' and not results.is_success
    group by results.instance

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
        age_limit.hours as age_limit_hours,
        {{ add_hours('successes.last_success_at', 'age_limit.hours') }} < {{ as_of() }} as is_too_old,
        distrusted.object_type as distrusted_object,
        distrusted.expectation as distrusted_expectation
    from instances
    cross join age_limit
    left join distrusted
        on instances.instance = distrusted.instance
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
        when is_too_old then 'was last read more than ' || {{ as_text('age_limit_hours') }} || ' hours ago'
        when distrusted_object is not null then 'failed its landing suite: ' || distrusted_object || ', ' || distrusted_expectation
    end as stale_reason
from latest
