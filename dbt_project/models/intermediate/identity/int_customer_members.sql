{#
  Groups linked records into customers: each record takes the smallest label among itself and its neighbours, a fixed
  number of rounds. CRM labels sort first, so the CRM account anchors the customer. Links hang on hubs, so few rounds
  reach everything; assert_customer_groups_are_complete fails if they ever do not.
#}
{%- set rounds = 6 -%}
with records as (
    select
        record_key,
        case object_type when 'account' then '1|' when 'customer' then '2|' else '3|' end || record_key as label
    from {{ ref('int_customer_records') }}
),

edges as (
    select record_key, target_key as neighbour_key from {{ ref('int_customer_links') }}
    where link_status = 'linked'
    union all
    select target_key as record_key, record_key as neighbour_key from {{ ref('int_customer_links') }}
    where link_status = 'linked'
),

round_0 as (
    select record_key, label from records
)

{%- for n in range(1, rounds + 1) %},

round_{{ n }} as (
    select
        own.record_key,
        least(own.label, coalesce(min(neighbours.label), own.label)) as label
    from round_{{ n - 1 }} as own
    left join edges on own.record_key = edges.record_key
    left join round_{{ n - 1 }} as neighbours on edges.neighbour_key = neighbours.record_key
    group by own.record_key, own.label
)
{%- endfor %}

select
    record_key,
    'cus_' || md5(label) as customer_id
from round_{{ rounds }}
