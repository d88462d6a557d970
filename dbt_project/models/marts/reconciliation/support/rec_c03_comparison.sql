-- A customer may have one ERP record per company or currency; a copy is right when it agrees with any of them.
with truth as (

    select
        customer_id,
        attribute,
        record_id,
        customer_account_id,
        shown_value,
        folded_value,
        source_modified_at,
        row_number() over (partition by customer_id, attribute order by length(record_id), record_id) as record_rank
    from {{ ref('rec_c03_value') }}
    where system = 'netsuite' and folded_value is not null

),

truth_per_customer as (

    select
        customer_id,
        attribute,
        max(case when record_rank = 1 then customer_account_id end) as truth_account_id,
        max(case when record_rank = 1 then shown_value end) as truth_value,
        max(source_modified_at) as truth_modified_at,
        count(distinct folded_value) > 1 as is_ambiguous
    from truth
    group by customer_id, attribute

),

agreeing as (

    select distinct
        copies.customer_account_id,
        copies.attribute
    from {{ ref('rec_c03_value') }} as copies
    inner join truth
        on copies.customer_id = truth.customer_id
        and copies.attribute = truth.attribute
        and copies.folded_value = truth.folded_value
    where copies.system in ('salesforce', 'kantata')

)

select
    copies.instance || ':' || copies.object_type || ':' || copies.record_id || '|' || copies.attribute as matching_key,
    copies.customer_account_id,
    copies.customer_id,
    copies.system,
    copies.instance,
    copies.object_type,
    copies.record_id,
    copies.attribute,
    copies.shown_value as copy_value,
    truth_per_customer.truth_account_id,
    truth_per_customer.truth_value,
    truth_per_customer.is_ambiguous,
    agreeing.customer_account_id is null as is_different,
    greatest(copies.source_modified_at, truth_per_customer.truth_modified_at) as changed_at
from {{ ref('rec_c03_value') }} as copies
inner join truth_per_customer
    on copies.customer_id = truth_per_customer.customer_id and copies.attribute = truth_per_customer.attribute
left join agreeing
    on copies.customer_account_id = agreeing.customer_account_id and copies.attribute = agreeing.attribute
where copies.system in ('salesforce', 'kantata')
