with needed_roles as (

    {{ check_source_rows() }}

),

sources as (

    select
        needed_roles.check_id,
        instances.complete_until,
        case
            when instances.instance is null then 'no ' || needed_roles.system_role || ' system is configured'
            when instances.stale_reason is not null then instances.instance || ' ' || instances.stale_reason
        end as problem
    from needed_roles
    left join {{ ref('rec_source_instance') }} as instances
        on needed_roles.system_role = instances.system_role

)

select
    check_id,
    min(complete_until) as source_loaded_at,
    count(problem) = 0 as is_fresh,
    {{ listagg('problem', '; ', 'problem') }} as reason
from sources
group by check_id
