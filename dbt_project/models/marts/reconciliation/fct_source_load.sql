with loads as (

    select
        _instance as instance,
        object,
        rows_landed,
        rows_quarantined,
        _loaded_at as loaded_at,
        row_number() over (partition by _instance, object order by _loaded_at desc nulls last, run_id desc) as recency,
        sum(rows_landed) over (partition by _instance, object) as rows_ever
    from {{ source('raw_landing', 'control_total') }}

)

select
    instances.instance,
    instances.system,
    coalesce(loads.object, '(nothing read)') as object,
    coalesce(loads.loaded_at, instances.last_success_at) as last_success_at,
    cast(coalesce(loads.rows_landed, 0) as bigint) as rows_last_load,
    cast(coalesce(loads.rows_ever, 0) as bigint) as rows_ever,
    cast(coalesce(loads.rows_quarantined, 0) as bigint) as rows_quarantined,
    case
        when instances.stale_reason is null then 'ok'
        when instances.last_status <> 'ok' then 'failed'
        else 'stale'
    end as status
from {{ ref('rec_source_instance') }} as instances
left join loads
    on instances.instance = loads.instance and loads.recency = 1
