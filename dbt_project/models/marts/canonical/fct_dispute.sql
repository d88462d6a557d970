-- the ERP keeps one dispute per invoice: what the customer does not accept, since when, and until when
select
    invoice_id || ':dispute' as dispute_id,
    invoice_id,
    instance,
    invoice_number,
    customer_id,
    project_id,
    opportunity_id,
    legal_entity_id,
    currency,
    dispute_opened_on as opened_on,
    dispute_closed_on as closed_on,
    is_disputed as is_open,
    cast({{ days('dispute_opened_on', "coalesce(dispute_closed_on, case when is_disputed then " ~ as_of_date() ~ " end)") }} as bigint) as days_disputed,
    gross_amount as invoice_amount,
    open_amount,
    open_amount_fc,
    source_modified_at,
    loaded_at
from {{ ref('fct_invoice') }}
where document_type = 'invoice'
    and (is_disputed or dispute_opened_on is not null)
