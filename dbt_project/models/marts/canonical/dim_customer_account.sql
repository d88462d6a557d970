select
    records.record_key as customer_account_id,
    members.customer_id,
    records.system,
    records.instance,
    records.object_type,
    records.record_id,
    records.record_name,
    records.legal_entity_id,
    records.currency,
    records.legal_name,
    records.legal_name_key,
    records.legal_form,
    records.tax_id,
    records.tax_id_key,
    tax_ids.tax_id_scheme,
    tax_ids.is_tax_id_valid,
    records.country_code,
    records.billing_street,
    records.billing_city,
    records.billing_postal_code,
    records.billing_address,
    records.payment_terms_days,
    records.is_on_credit_hold,
    records.is_inactive,
    records.parent_key as parent_customer_account_id,
    records.source_modified_at,
    records.loaded_at
from {{ ref('int_customer_records') }} as records
inner join {{ ref('int_customer_members') }} as members
    on records.record_key = members.record_key
left join {{ ref('int_tax_ids') }} as tax_ids
    on records.tax_id_key = tax_ids.tax_id_key
    and coalesce(records.country_code, '') = tax_ids.country_code
