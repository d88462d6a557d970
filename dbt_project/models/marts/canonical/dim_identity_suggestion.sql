with waiting as (
    select record_key, target_key, rung, method, score, link_status, known_at
    from {{ ref('int_customer_suggestions') }}
    union all
    select record_key, target_key, rung, method, score, link_status, known_at
    from {{ ref('int_customer_links') }}
    where link_status = 'ambiguous'
    union all
    select record_key, target_key, rung, method, score, link_status, known_at
    from {{ ref('int_account_duplicates') }}
    where link_status <> 'linked'
),

-- a pair waits once, with its best evidence
ranked as (
    select
        *,
        row_number() over (partition by record_key, target_key order by rung, score desc, method) as evidence_order
    from waiting
)

select
    {{ md5_key(['ranked.record_key', 'ranked.target_key']) }} as suggestion_id,
    ranked.record_key,
    subjects.record_name,
    subjects.country_code,
    ranked.target_key,
    targets.record_name as target_name,
    targets.country_code as target_country_code,
    ranked.method,
    cast(ranked.rung as bigint) as rung,
    ranked.score,
    ranked.link_status as status,
    ranked.known_at
from ranked
inner join {{ ref('dim_customer_account') }} as subjects on ranked.record_key = subjects.customer_account_id
inner join {{ ref('dim_customer_account') }} as targets on ranked.target_key = targets.customer_account_id
where ranked.evidence_order = 1
