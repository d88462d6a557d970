{% set kept = [
    'check_id', 'rule_version', 'matching_key', 'period', 'severity', 'title', 'owner_role', 'business_unit_id',
    'legal_entity_id', 'amount_at_risk', 'currency', 'amount_at_risk_fc', 'functional_currency', 'amount_at_risk_rc',
    'reporting_currency',
] %}
{% set sides = [
    'truth_values', 'other_values', 'truth_modified_at', 'other_modified_at', 'truth_loaded_at', 'other_loaded_at',
] %}
with joined as (

    select
        coalesce(found.finding_id, earlier.finding_id) as finding_id,
        -- a finding that is gone keeps what was last seen of it
        {% for column in kept %}
        case when found.finding_id is not null then found.{{ column }} else earlier.{{ column }} end as {{ column }},
        {% endfor %}
        {% for column in sides %}
        case when found.finding_id is not null then sides.{{ column }} else earlier.{{ column }} end as {{ column }},
        {% endfor %}
        found.finding_id is not null as is_found,
        earlier.finding_id is null as is_new,
        earlier.is_open as was_open,
        earlier.finding_state as earlier_state,
        earlier.state_since as earlier_since,
        earlier.first_seen_at,
        earlier.opened_at,
        earlier.last_seen_at,
        earlier.closed_at,
        earlier.closed_by,
        earlier.times_reopened,
        earlier.times_recurred,
        earlier.source_loaded_at as earlier_loaded_at,
        found.source_loaded_at as found_loaded_at
    from {{ ref('fct_findings') }} as found
    left join {{ ref('rec_finding_side') }} as sides on found.finding_id = sides.finding_id
    full outer join {{ ref('stg_ledger__findings') }} as earlier on found.finding_id = earlier.finding_id

),

judged as (

    select
        joined.*,
        actions.stage,
        actions.acknowledged_at,
        actions.waived_until,
        actions.waiver_reason,
        coalesce(actions.is_rule_disputed, false) as is_rule_disputed,
        case
            when actions.last_delivered_at is null or actions.last_delivered_at < joined.opened_at then 'owner'
            when actions.last_approved_delivery_at >= joined.opened_at then 'correction'
            else 'automation'
        end as closing_hand,
        runs.is_evaluated is true as is_evaluated,
        case
            when joined.is_new then true
            when runs.is_evaluated is not true then joined.was_open
            when joined.is_found then true
            -- gone, and that only counts when every source was read after it was last seen and last corrected
            when runs.source_loaded_at > joined.earlier_loaded_at
                and (actions.last_delivered_at is null or runs.source_loaded_at > actions.last_delivered_at) then false
            else joined.was_open
        end as is_open
    from joined
    left join {{ ref('fct_check_run') }} as runs on joined.check_id = runs.check_id
    left join {{ ref('rec_finding_action') }} as actions on joined.finding_id = actions.finding_id

),

dated as (

    select
        *,
        not is_new and is_open and not was_open as is_back,
        not is_new and was_open and not is_open as is_closing,
        case when is_new or (is_open and not was_open) then {{ as_of() }} else opened_at end as episode_start
    from judged

),

stated as (

    select
        *,
        case
            when not is_open and stage = 3 then 'verified'
            when not is_open then 'closed'
            when waived_until is not null then 'waived'
            when stage = 1 then 'proposed'
            when stage = 2 then 'approved'
            when stage = 3 then 'applied'
            when acknowledged_at >= episode_start then 'acknowledged'
            when coalesce(times_reopened, 0) > 0 or is_back then 'reopened'
            else 'open'
        end as finding_state
    from dated

)

select
    finding_id,
    {% for column in kept %}
    {{ column }},
    {% endfor %}
    finding_state,
    is_open,
    case when finding_state = earlier_state then earlier_since else {{ as_of() }} end as state_since,
    coalesce(first_seen_at, {{ as_of() }}) as first_seen_at,
    episode_start as opened_at,
    case when is_new or (is_found and is_evaluated) then {{ as_of() }} else last_seen_at end as last_seen_at,
    case when is_open then null when is_closing then {{ as_of() }} else closed_at end as closed_at,
    case when is_open then null when is_closing then closing_hand else closed_by end as closed_by,
    cast(
        case
            when not is_open
                then {{ ratio(seconds_between('episode_start', 'case when is_closing then ' ~ as_of() ~ ' else closed_at end'), 3600) }}
        end as decimal(18, 4)
    ) as hours_to_resolve,
    cast(coalesce(times_reopened, 0) + case when is_back then 1 else 0 end as bigint) as times_reopened,
    cast(
        coalesce(times_recurred, 0) + case when is_back and closed_by in ('automation', 'correction') then 1 else 0 end as bigint
    ) as times_recurred,
    {% for column in sides %}
    {{ column }},
    {% endfor %}
    case when is_new or (is_found and is_evaluated) then found_loaded_at else earlier_loaded_at end as source_loaded_at,
    case when is_open then waived_until end as waived_until,
    case when is_open then waiver_reason end as waiver_reason,
    is_rule_disputed
from stated
