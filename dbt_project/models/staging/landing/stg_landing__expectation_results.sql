select
    _instance as instance,
    system,
    object as object_type,
    suite as suite_name,
    expectation,
    success as is_success,
    severity,
    observed as observed_value,
    failing_keys,
    run_id,
    evaluated_at
from {{ source('raw_landing', 'expectation_result') }}
