{# Rung 5: likeness of names within the same first word, for records no other rung placed. A person decides. #}
with records as (
    select
        *,
        split_part(name_key, ' ', 1) as block_key
    from {{ ref('int_customer_records') }}
),

placed as (
    select record_key from {{ ref('int_customer_links') }} where link_status = 'linked'
    union
    select target_key from {{ ref('int_customer_links') }} where link_status = 'linked'
),

pairs as (
    select
        subjects.record_key,
        targets.record_key as target_key,
        cast({{ name_similarity('subjects.name_key', 'targets.name_key') }} as decimal(18, 8)) as score,
        subjects.source_modified_at as known_at
    from records as subjects
    inner join records as targets
        on subjects.block_key = targets.block_key
        and subjects.system <> targets.system
        and coalesce(subjects.country_code, targets.country_code, '') = coalesce(targets.country_code, subjects.country_code, '')
    where subjects.record_key not in (select record_key from placed)
        and targets.object_type in ('account', 'customer')
        and subjects.object_type in ('customer', 'workspace_group')
)

select
    record_key,
    target_key,
    5 as rung,
    'name_similarity' as method,
    score,
    known_at,
    'suggested' as link_status
from pairs
where score >= {{ check_parameter('C04', 'suggest_from') }}
    and {{ not_refuted('pairs') }}
