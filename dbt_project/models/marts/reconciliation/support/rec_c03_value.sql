-- attributes that can be compared, one row per vendor record and attribute: the value as the system shows it and a
-- folded form in which only real differences remain
{% set attributes = [
    ('legal_name', "accounts.legal_name", "accounts.legal_name_key", ['netsuite', 'salesforce', 'kantata']),
    ('billing_address', "accounts.billing_address", plain_name("replace(accounts.billing_address, ',', ' ')"), ['netsuite', 'salesforce', 'kantata']),
    ('payment_terms', as_text("accounts.payment_terms_days"), as_text("accounts.payment_terms_days"), ['netsuite', 'salesforce', 'kantata']),
    ('tax_id', "accounts.tax_id", "accounts.tax_id_key", ['netsuite', 'salesforce']),
    ('currency', "accounts.currency", "accounts.currency", ['netsuite', 'salesforce']),
] %}
{% for attribute, shown, folded, systems in attributes %}
select
    accounts.customer_account_id,
    accounts.customer_id,
    accounts.system,
    accounts.instance,
    accounts.object_type,
    accounts.record_id,
    '{{ attribute }}' as attribute,
    {{ shown }} as shown_value,
    {{ folded }} as folded_value,
    accounts.source_modified_at
from {{ ref('dim_customer_account') }} as accounts
where accounts.system in ('{{ systems | join("', '") }}')
{{ 'union all' if not loop.last }}
{% endfor %}
