-- a retry enters the same hours again under another id
with entered as (

    select
        time_entry_id,
        first_value(time_entry_id) over (
            partition by resource_id, project_id, task_id, work_date, hours, notes_hash
            order by source_created_at, length(time_entry_id), time_entry_id
        ) as other_id
    from {{ ref('fct_time_entry') }}
    where is_billable and hours > 0

)

select
    time_entry_id,
    other_id
from entered
where other_id <> time_entry_id
