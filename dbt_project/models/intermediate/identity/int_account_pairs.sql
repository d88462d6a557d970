{#
  C04: accounts of different CRM instances that may be one company, by their best evidence. Never a pair with two tax
  numbers, and never a parent with the child of its counterpart.
#}
with accounts as (
    select
        *,
        split_part(name_key, ' ', 1) as block_key
    from {{ ref('int_customer_records') }}
    where object_type = 'account'
),

erp_links as (
    select
        target_key as account_key,
        record_key as erp_key,
        known_at
    from {{ ref('int_customer_links') }}
    where link_status = 'linked' and scope like '%:account'
        and record_key in (select record_key from {{ ref('int_customer_records') }} where object_type = 'customer')
),

pairs as (
    select
        first_links.account_key as record_key,
        second_links.account_key as target_key,
        1 as rung,
        'erp_customer' as method,
        cast(1 as decimal(18, 8)) as score
    from erp_links as first_links
    inner join erp_links as second_links
        on first_links.erp_key = second_links.erp_key and first_links.account_key < second_links.account_key
    {% for rung, method, condition, score in [
        (3, 'tax_id_country', 'subjects.tax_id_key = targets.tax_id_key and subjects.country_code = targets.country_code', '1'),
        (4, 'domain_country', 'subjects.domain_key = targets.domain_key and subjects.country_code = targets.country_code', '1'),
        (5, 'name_similarity', 'subjects.block_key = targets.block_key and subjects.country_code = targets.country_code', name_similarity('subjects.name_key', 'targets.name_key'))
    ] %}
    union all
    select
        subjects.record_key,
        targets.record_key as target_key,
        {{ rung }} as rung,
        '{{ method }}' as method,
        cast({{ score }} as decimal(18, 8)) as score
    from accounts as subjects
    inner join accounts as targets
        on {{ condition }}
        and subjects.record_key < targets.record_key
    {% endfor %}
    union all
    select
        least(record_key, target_key) as record_key,
        greatest(record_key, target_key) as target_key,
        1 as rung,
        'confirmed' as method,
        cast(1 as decimal(18, 8)) as score
    from {{ ref('stg_ledger__identity_decisions') }}
    where kind = 'accepted' and ended_at is null and record_key like '%:account:%'
),

judged as (
    select
        pairs.*,
        subjects.instance,
        targets.instance as target_instance,
        greatest(subjects.source_modified_at, targets.source_modified_at) as known_at,
        coalesce(subjects.domain_key = targets.domain_key, false)
        or coalesce(subjects.tax_id_key = targets.tax_id_key, false)
        or coalesce(subjects.billing_postal_code = targets.billing_postal_code, false) as has_strong_attribute,
        row_number() over (partition by pairs.record_key, pairs.target_key order by pairs.rung, pairs.method) as evidence_order
    from pairs
    inner join accounts as subjects on pairs.record_key = subjects.record_key
    inner join accounts as targets on pairs.target_key = targets.record_key
    where subjects.instance <> targets.instance
        and coalesce(subjects.tax_id_key = targets.tax_id_key, true)
        and pairs.score >= {{ check_parameter('C04', 'suggest_from') }}
        and {{ not_refuted('pairs') }}
),

evidence as (
    select * from judged where evidence_order = 1
),

-- a hierarchy that meets itself makes nobody its own child
descents as (
    select record_key, ancestor_key
    from {{ ref('int_customer_ancestors') }}
    where record_key <> ancestor_key
),

-- one side is the child of what the other side is a candidate for, or their ERP customers are parent and child
related as (
    select evidence.record_key, evidence.target_key
    from evidence
    inner join descents as above on evidence.target_key = above.record_key
    inner join evidence as parents
        on evidence.record_key = parents.record_key and above.ancestor_key = parents.target_key
    union
    select evidence.record_key, evidence.target_key
    from evidence
    inner join descents as above on evidence.record_key = above.record_key
    inner join evidence as parents
        on evidence.target_key = parents.target_key and above.ancestor_key = parents.record_key
    union
    select evidence.record_key, evidence.target_key
    from evidence
    inner join erp_links as first_links on evidence.record_key = first_links.account_key
    inner join erp_links as second_links on evidence.target_key = second_links.account_key
    inner join descents as above
        on least(first_links.erp_key, second_links.erp_key) = least(above.record_key, above.ancestor_key)
        and greatest(first_links.erp_key, second_links.erp_key) = greatest(above.record_key, above.ancestor_key)
)

select
    evidence.record_key,
    evidence.target_key,
    evidence.instance,
    evidence.target_instance,
    evidence.rung,
    evidence.method,
    evidence.score,
    evidence.has_strong_attribute,
    evidence.known_at
from evidence
left join related
    on evidence.record_key = related.record_key and evidence.target_key = related.target_key
where related.record_key is null
