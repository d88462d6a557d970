-- the accounts of every group that C04 reports, the one to keep first
with members as (

    select record_key, group_key, is_too_large, method from {{ ref('int_account_duplicates') }}
    where group_key is not null
    union
    select target_key as record_key, group_key, is_too_large, method from {{ ref('int_account_duplicates') }}
    where group_key is not null

),

grouped as (

    select
        group_key,
        record_key,
        max(case when is_too_large then 1 else 0 end) = 1 as is_too_large,
        min(method) as method
    from members
    group by group_key, record_key

)

select
    case when grouped.is_too_large then 'review:' else 'accounts:' end || grouped.group_key as matching_key,
    grouped.record_key as customer_account_id,
    accounts.customer_id,
    accounts.record_name,
    accounts.instance,
    accounts.record_id,
    grouped.is_too_large,
    grouped.method,
    survivors.owner_email,
    survivors.open_deal_count,
    survivors.created_at,
    cast(
        row_number() over (
            partition by grouped.group_key
            order by survivors.survivor_rank, survivors.created_at nulls last, grouped.record_key
        ) as bigint
    ) as place
from grouped
inner join {{ ref('dim_customer_account') }} as accounts
    on grouped.record_key = accounts.customer_account_id
inner join {{ ref('int_account_survivors') }} as survivors
    on grouped.record_key = survivors.record_key
