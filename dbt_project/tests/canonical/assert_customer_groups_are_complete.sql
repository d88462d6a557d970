-- Two records were linked and still fell into different customers: int_customer_members needs more rounds.
select
    links.record_key,
    links.target_key
from (
    select record_key, target_key, link_status from {{ ref('int_customer_links') }}
    union all
    select record_key, target_key, link_status from {{ ref('int_account_duplicates') }}
) as links
inner join {{ ref('int_customer_members') }} as own
    on links.record_key = own.record_key
inner join {{ ref('int_customer_members') }} as neighbours
    on links.target_key = neighbours.record_key
where links.link_status = 'linked'
    and own.customer_id <> neighbours.customer_id
