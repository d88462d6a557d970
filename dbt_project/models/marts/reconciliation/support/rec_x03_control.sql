-- what landed and is alive at the vendor, counted on the raw tables, beside what the marts hold
with landed as (

    select 'kantata time entries' as control, _instance as instance, count(*) as amount
    from ({{ living('kantata', 'time_entry') }}) as time_entries
    group by _instance

    union all

    select 'kantata minutes' as control, _instance as instance, cast(sum(time_in_minutes) as bigint) as amount
    from ({{ living('kantata', 'time_entry') }}) as time_entries
    group by _instance

    union all

    select 'kantata projects' as control, _instance as instance, count(*) as amount
    from ({{ living('kantata', 'workspace') }}) as workspaces
    group by _instance

    union all

    select 'kantata expenses' as control, _instance as instance, count(*) as amount
    from ({{ living('kantata', 'expense') }}) as expenses
    group by _instance

    union all

    select 'netsuite invoices' as control, _instance as instance, count(*) as amount
    from ({{ living('netsuite', 'transaction') }}) as documents
    where type in ('CustInvc', 'CustCred')
    group by _instance

    union all

    select 'salesforce opportunities' as control, _instance as instance, count(*) as amount
    from ({{ living('salesforce', 'opportunity') }}) as opportunities
    where not coalesce(is_deleted, false)
    group by _instance

),

held as (

    select 'kantata time entries' as control, instance, count(*) as amount
    from {{ ref('fct_time_entry') }}
    group by instance

    union all

    select 'kantata minutes' as control, instance, cast(sum(round(hours * 60, 0)) as bigint) as amount
    from {{ ref('fct_time_entry') }}
    group by instance

    union all

    select 'kantata projects' as control, instance, count(*) as amount
    from {{ ref('dim_project') }}
    group by instance

    union all

    select 'kantata expenses' as control, instance, count(*) as amount
    from {{ ref('fct_expense') }}
    group by instance

    union all

    select 'netsuite invoices' as control, instance, count(*) as amount
    from {{ ref('fct_invoice') }}
    group by instance

    union all

    select 'salesforce opportunities' as control, instance, count(*) as amount
    from {{ ref('fct_opportunity') }}
    group by instance

)

select
    coalesce(landed.control, held.control) || ':' || coalesce(landed.instance, held.instance) as control_id,
    coalesce(landed.control, held.control) as control,
    coalesce(landed.instance, held.instance) as instance,
    coalesce(landed.amount, 0) as landed_amount,
    coalesce(held.amount, 0) as mart_amount,
    coalesce(landed.amount, 0) - coalesce(held.amount, 0) as difference
from landed
full outer join held
    on landed.control = held.control and landed.instance = held.instance
