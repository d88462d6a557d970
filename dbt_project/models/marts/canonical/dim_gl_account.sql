select
    {{ canonical_id('accounts.account_id', 'accounts.instance') }} as gl_account_id,
    accounts.instance,
    accounts.account_id as source_id,
    accounts.account_number,
    coalesce(accounts.account_name, accounts.display_name) as account_name,
    accounts.account_type,
    role_map.canonical_value as account_role,
    coalesce(accounts.is_eliminated, false) as is_eliminated,
    accounts.loaded_at
from {{ ref('stg_netsuite__accounts') }} as accounts
{{ join_value_map('role_map', 'accounts', 'gl_account_role', 'account_number') }}
