{# Everything above a record in its own system's hierarchy; a chain that meets itself ends there and says so. #}
with recursive parents as (
    select
        records.record_key,
        records.parent_key
    from {{ ref('int_customer_records') }} as records
    inner join {{ ref('int_customer_records') }} as above
        on records.parent_key = above.record_key
),

climbed as (
    select
        record_key,
        parent_key as ancestor_key,
        1 as depth,
        '|' || record_key || '|' || parent_key || '|' as path,
        record_key = parent_key as is_cycle
    from parents
    union all
    select
        climbed.record_key,
        parents.parent_key as ancestor_key,
        climbed.depth + 1 as depth,
        climbed.path || parents.parent_key || '|' as path,
        position('|' || parents.parent_key || '|' in climbed.path) > 0 as is_cycle
    from climbed
    inner join parents
        on climbed.ancestor_key = parents.record_key
    where not climbed.is_cycle
)

select record_key, ancestor_key, depth, is_cycle from climbed
