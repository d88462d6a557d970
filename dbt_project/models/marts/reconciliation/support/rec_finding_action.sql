-- what people and write-back did about a finding, as the ledger has it at as_of
with corrections as (

    select
        changes.finding_id,
        corrections.correction_id,
        corrections.correction_key,
        corrections.correction_state,
        corrections.approval_mode,
        corrections.delivered_at,
        row_number() over (
            partition by changes.finding_id, corrections.correction_key order by corrections.correction_number desc
        ) as recency
    from {{ ref('stg_ledger__correction_changes') }} as changes
    inner join {{ ref('stg_ledger__corrections') }} as corrections
        on changes.correction_id = corrections.correction_id
    where changes.finding_id is not null

),

-- the least advanced of what is under way
under_way as (

    select
        finding_id,
        min(
            case
                when recency > 1 then null
                when correction_state = 'proposed' then 1
                when correction_state in ('approved', 'in_flight', 'in_doubt') then 2
                when correction_state = 'delivered' then 3
            end
        ) as stage,
        max(delivered_at) as last_delivered_at,
        max(case when approval_mode <> 'automatic' then delivered_at end) as last_approved_delivery_at
    from corrections
    group by finding_id

),

waivers as (

    select
        finding_id,
        reason_class,
        reason,
        decided_at as granted_at,
        expires_at,
        ended_at
    from {{ ref('stg_ledger__finding_decisions') }}
    where decision_kind = 'waived'
    union all
    select distinct
        corrections.finding_id,
        'accepted' as reason_class,
        waivers.reason,
        waivers.granted_at,
        waivers.expires_at,
        waivers.ended_at
    from {{ ref('stg_ledger__waivers') }} as waivers
    inner join corrections on waivers.correction_key = corrections.correction_key

),

live as (

    select
        *,
        row_number() over (partition by finding_id order by expires_at desc, granted_at desc, reason) as recency
    from waivers
    where ended_at is null
        and expires_at > {{ as_of() }}

),

decided as (

    select finding_id, max(decided_at) as acknowledged_at
    from {{ ref('stg_ledger__finding_decisions') }}
    where decision_kind = 'acknowledged'
        and ended_at is null
    group by finding_id

),

disputed as (

    select finding_id, count(*) as times_rule_wrong
    from waivers
    where reason_class = 'rule_wrong'
    group by finding_id

),

findings as (

    select finding_id from under_way
    union
    select finding_id from waivers
    union
    select finding_id from decided

)

select
    findings.finding_id,
    cast(under_way.stage as bigint) as stage,
    under_way.last_delivered_at,
    under_way.last_approved_delivery_at,
    decided.acknowledged_at,
    live.expires_at as waived_until,
    live.reason as waiver_reason,
    live.reason_class as waiver_class,
    coalesce(disputed.times_rule_wrong, 0) > 0 as is_rule_disputed
from findings
left join under_way on findings.finding_id = under_way.finding_id
left join decided on findings.finding_id = decided.finding_id
left join live on findings.finding_id = live.finding_id and live.recency = 1
left join disputed on findings.finding_id = disputed.finding_id
