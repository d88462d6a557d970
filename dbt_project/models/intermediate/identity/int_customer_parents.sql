{# The customer above each customer: for sales as the CRM has it, for billing as the ERP has it. #}
with climbs as (
    select
        members.customer_id,
        records.object_type,
        ancestors.record_key,
        ancestors.depth,
        ancestors.is_cycle,
        parents.customer_id as ancestor_id,
        max(ancestors.depth) over (partition by ancestors.record_key) as height,
        bool_or(ancestors.is_cycle) over (partition by ancestors.record_key) as has_cycle,
        min(coalesce(survivors.survivor_rank, 1)) over (partition by members.customer_id, records.object_type) as best_rank,
        coalesce(survivors.survivor_rank, 1) as survivor_rank,
        min(ancestors.record_key) over (partition by members.customer_id, records.object_type, survivors.survivor_rank) as first_record
    from {{ ref('int_customer_ancestors') }} as ancestors
    inner join {{ ref('int_customer_records') }} as records on ancestors.record_key = records.record_key
    inner join {{ ref('int_customer_members') }} as members on ancestors.record_key = members.record_key
    inner join {{ ref('int_customer_members') }} as parents on ancestors.ancestor_key = parents.record_key
    left join {{ ref('int_account_survivors') }} as survivors on ancestors.record_key = survivors.record_key
)

select
    customer_id,
    {% for kind, prefix in [('account', ''), ('customer', 'billing_')] %}
    max(case when object_type = '{{ kind }}' and depth = 1 and ancestor_id <> customer_id then ancestor_id end) as {{ prefix }}parent_customer_id,
    -- a chain that meets itself has no top
    max(case when object_type = '{{ kind }}' and depth = height and not has_cycle and ancestor_id <> customer_id then ancestor_id end) as {{ prefix }}top_parent_customer_id,
    {% endfor %}
    bool_or(has_cycle) as has_parent_cycle
from climbs
where survivor_rank = best_rank and record_key = first_record
group by customer_id
