-- ERP records whose tax number cannot be right: agreeing with it is no comfort. A copy that is wrong in itself differs from a right one.
select
    customer_account_id || '|tax_id_check' as matching_key,
    customer_account_id,
    customer_id,
    instance,
    tax_id,
    country_code,
    source_modified_at as changed_at
from {{ ref('dim_customer_account') }}
where system = 'netsuite' and not is_tax_id_valid and not coalesce(is_inactive, false)
