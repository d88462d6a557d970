with erp as (

    select
        customer_id,
        max(case when is_on_credit_hold then 1 else 0 end) = 1 as erp_hold,
        max(source_modified_at) as changed_at
    from {{ ref('dim_customer_account') }}
    where system = 'netsuite'
    group by customer_id

)

select
    accounts.customer_id,
    accounts.instance as crm_instance,
    accounts.record_id as crm_account_id,
    erp.erp_hold,
    accounts.is_on_credit_hold as crm_hold,
    (coalesce(accounts.is_on_credit_hold, false) <> erp.erp_hold) as is_different,
    erp.changed_at,
    greatest(erp.changed_at, accounts.source_modified_at) as stands_since,
    case
        when {{ add_hours('erp.changed_at', 'settings.grace_hours') }} <= {{ as_of() }} then true else false
    end as is_past_grace
from {{ ref('dim_customer_account') }} as accounts
inner join erp
    on accounts.customer_id = erp.customer_id
cross join (select grace_hours from {{ ref('rec_check_setting') }} where check_id = 'B05') as settings
where accounts.system = 'salesforce'
