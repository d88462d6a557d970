{#
  Groups linked records into customers. CRM labels sort first, so the CRM account anchors the customer. Links hang on
  hubs, so few rounds reach everything; assert_customer_groups_are_complete fails if they ever do not.
#}
with records as (
    select
        record_key,
        case object_type when 'account' then '1|' when 'customer' then '2|' else '3|' end || record_key as label
    from {{ ref('int_customer_records') }}
),

linked as (
    select record_key, target_key from {{ ref('int_customer_links') }}
    where link_status = 'linked'
    union all
    select record_key, target_key from {{ ref('int_account_duplicates') }}
    where link_status = 'linked'
),

edges as (
    select record_key, target_key as neighbour_key from linked
    union all
    select target_key as record_key, record_key as neighbour_key from linked
),

{{ connected('records', 'edges', 8) }}

select
    record_key,
    'cus_' || md5(label) as customer_id
from round_8
