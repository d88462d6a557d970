with members as (
    select
        records.*,
        members.customer_id
    from {{ ref('int_customer_records') }} as records
    inner join {{ ref('int_customer_members') }} as members
        on records.record_key = members.record_key
),

accounts as (
    select
        members.*,
        accounts.business_unit_code,
        accounts.owner_id,
        survivors.survivor_rank
    from members
    inner join {{ ref('stg_salesforce__accounts') }} as accounts
        on members.instance = accounts.instance
        and members.record_id = accounts.account_id
    inner join {{ ref('int_account_survivors') }} as survivors
        on members.record_key = survivors.record_key
    where members.object_type = 'account'
),

-- the surviving account, field by field: what it does not hold, the next one may
crm as (
    select
        customer_id,
        max(case when survivor_rank = 1 then instance end) as instance,
        max(case when survivor_rank = 1 then record_id end) as record_id,
        max(case when survivor_rank = 1 then owner_id end) as owner_id,
        max(case when survivor_rank = 1 then business_unit_code end) as business_unit_code,
    {% for field in ['record_name', 'legal_name', 'tax_id', 'currency', 'country_code', 'billing_street', 'billing_city', 'billing_postal_code', 'payment_terms_days'] %}
    coalesce(
        {% for rank in range(1, 6) %}
        max(case when survivor_rank = {{ rank }} then {{ field }} end){{ ',' if not loop.last }}
        {% endfor %}
    ) as {{ field }}{{ ',' if not loop.last }}
    {% endfor %}
    from accounts
    group by customer_id
),

-- the main ERP record is the one in the currency of the CRM account, then the oldest number
erp as (
    select
        members.*,
        row_number() over (
            partition by members.customer_id
            order by
                case when members.currency = crm.currency then 0 else 1 end,
                length(members.record_id),
                members.record_key
        ) as preference
    from members
    left join crm
        on members.customer_id = crm.customer_id
    where members.object_type = 'customer'
),

psa as (
    select
        members.*,
        row_number() over (partition by members.customer_id order by members.record_key) as preference
    from members
    where members.object_type = 'workspace_group'
),

holds as (
    select
        customer_id,
        bool_or(is_on_credit_hold) as is_on_credit_hold
    from erp
    group by customer_id
),

customers as (
    select distinct customer_id from members
)

select
    customers.customer_id,
    coalesce(crm.record_name, psa.record_name, erp.record_name) as customer_name,
    coalesce(erp.legal_name, crm.legal_name, psa.legal_name) as legal_name,
    coalesce(erp.tax_id, crm.tax_id) as tax_id,
    coalesce(erp.currency, crm.currency) as currency,
    coalesce(erp.country_code, crm.country_code) as country_code,
    coalesce(erp.billing_street, crm.billing_street) as billing_street,
    coalesce(erp.billing_city, crm.billing_city) as billing_city,
    coalesce(erp.billing_postal_code, crm.billing_postal_code) as billing_postal_code,
    coalesce(erp.payment_terms_days, crm.payment_terms_days, psa.payment_terms_days) as payment_terms_days,
    holds.is_on_credit_hold,
    parents.parent_customer_id,
    parents.top_parent_customer_id,
    parents.billing_parent_customer_id,
    parents.billing_top_parent_customer_id,
    coalesce(parents.has_parent_cycle, false) as has_parent_cycle,
    unit_map.canonical_value as business_unit_id,
    owners.full_name as account_owner,
    crm.instance as crm_instance,
    crm.record_id as crm_account_id
from customers
left join crm on customers.customer_id = crm.customer_id
left join erp on customers.customer_id = erp.customer_id and erp.preference = 1
left join psa on customers.customer_id = psa.customer_id and psa.preference = 1
left join holds on customers.customer_id = holds.customer_id
left join {{ ref('int_customer_parents') }} as parents on customers.customer_id = parents.customer_id
left join {{ ref('stg_salesforce__users') }} as owners
    on crm.instance = owners.instance
    and crm.owner_id = owners.user_id
{{ join_value_map('unit_map', 'crm', 'business_unit', 'business_unit_code') }}
