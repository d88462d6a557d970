select
    instance || '|' || object_type || '|' || run_id || '|rows' as control_total_id,
    instance,
    system,
    object_type,
    run_id,
    'rows' as measure,
    cast(rows_landed as decimal(28, 4)) as amount,
    rows_read,
    rows_quarantined,
    hash_total,
    loaded_at
from {{ ref('stg_landing__control_totals') }}
union all
select
    amounts.instance || '|' || amounts.object_type || '|' || amounts.run_id || '|' || amounts.column_name as control_total_id,
    amounts.instance,
    amounts.system,
    amounts.object_type,
    amounts.run_id,
    amounts.column_name as measure,
    amounts.total_amount as amount,
    totals.rows_read,
    totals.rows_quarantined,
    totals.hash_total,
    amounts.loaded_at
from {{ ref('stg_landing__control_amounts') }} as amounts
inner join {{ ref('stg_landing__control_totals') }} as totals
    on amounts.instance = totals.instance
    and amounts.object_type = totals.object_type
    and amounts.run_id = totals.run_id
