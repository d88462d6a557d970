{# Which CRM account of a customer is kept, by the order of config/checks.yml (C04): ERP link, age, open deals. #}
{% set rules = [
    (check_parameter('C04', 'survivor_erp_link'), 'link_rank'),
    (check_parameter('C04', 'survivor_oldest'), 'age_rank'),
    (check_parameter('C04', 'survivor_open_deals'), 'deal_rank'),
] %}
with open_deals as (
    select
        instance || ':account:' || account_id as record_key,
        count(*) as open_deal_count
    from {{ ref('stg_salesforce__opportunities') }}
    where not coalesce(is_closed, false)
    group by instance, account_id
),

erp_links as (
    select distinct target_key as record_key
    from {{ ref('int_customer_links') }}
    where link_status = 'linked'
        and record_key in (select record_key from {{ ref('int_customer_records') }} where object_type = 'customer')
),

accounts as (
    select
        accounts.instance || ':account:' || accounts.account_id as record_key,
        members.customer_id,
        accounts.created_at,
        lower(trim(owners.email)) as owner_email,
        cast(coalesce(open_deals.open_deal_count, 0) as bigint) as open_deal_count,
        erp_links.record_key is not null as has_erp_link
    from {{ ref('stg_salesforce__accounts') }} as accounts
    inner join {{ ref('int_customer_members') }} as members
        on accounts.instance || ':account:' || accounts.account_id = members.record_key
    left join open_deals on members.record_key = open_deals.record_key
    left join erp_links on members.record_key = erp_links.record_key
    left join {{ ref('stg_salesforce__users') }} as owners
        on accounts.instance = owners.instance and accounts.owner_id = owners.user_id
),

ranked as (
    select
        *,
        rank() over (partition by customer_id order by case when has_erp_link then 0 else 1 end) as link_rank,
        rank() over (partition by customer_id order by created_at nulls last) as age_rank,
        rank() over (partition by customer_id order by open_deal_count desc) as deal_rank
    from accounts
),

ordered as (
    select
        *,
    {% for place in [1, 2, 3] %}
    case
        {% for limit, column in rules %}
        when {{ limit }} = {{ place }} then {{ column }}
        {% endfor %}
    end as rank_{{ place }}{{ ',' if not loop.last }}
    {% endfor %}
    from ranked
)

select
    record_key,
    customer_id,
    created_at,
    owner_email,
    open_deal_count,
    has_erp_link,
    cast(
        row_number() over (
            partition by customer_id
            order by rank_1 nulls last, rank_2 nulls last, rank_3 nulls last, record_key
        ) as bigint
    ) as survivor_rank
from ordered
