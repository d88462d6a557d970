with candidates as (
    select
        scope,
        record_key,
        target_key,
        rung,
        method,
        score,
        coalesce(agrees, false) as agrees,
        known_at
    from {{ ref('int_customer_candidates') }}
),

stored as (
    select * from candidates where rung = 1
),

-- one client group may point at several ERP records on purpose (one per entity or currency): all of them count
stored_links as (
    select
        *,
        'linked' as link_status,
        row_number() over (partition by scope, target_key order by known_at nulls last, record_key) as evidence_order
    from stored
    where scope like '%:workspace_group:%'
),

laddered as (
    select * from candidates
    where scope not in (select scope from stored_links)
),

picked as (
    {{ ladder('laddered') }}
),

links as (
    select scope, record_key, target_key, rung, method, score, known_at, link_status from picked
    union all
    select scope, record_key, target_key, rung, method, score, known_at, link_status from stored_links
    where evidence_order = 1
)

select * from links
