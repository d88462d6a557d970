select
    _instance as instance,
    system,
    run_id,
    mode as sync_mode,
    started_at,
    finished_at,
    status as run_status,
    error as error_text,
    rows_read,
    complete_until
from {{ source('raw_landing', 'sync_run') }}
