select
    {{ canonical_id('contacts.contact_id', 'contacts.instance') }} as contact_id,
    contacts.instance,
    contacts.contact_id as source_id,
    members.customer_id,
    members.record_key as customer_account_id,
    trim(coalesce(contacts.first_name, '') || ' ' || coalesce(contacts.last_name, '')) as full_name,
    contacts.email,
    contacts.job_title,
    {{ canonical_id('heads.contact_id', 'heads.instance') }} as reports_to_contact_id,
    owners.full_name as owner_name,
    contacts.created_at,
    contacts.source_modified_at,
    contacts.loaded_at
from {{ ref('stg_salesforce__contacts') }} as contacts
left join {{ ref('int_customer_members') }} as members
    on contacts.instance || ':account:' || contacts.account_id = members.record_key
left join {{ ref('stg_salesforce__contacts') }} as heads
    on contacts.instance = heads.instance
    and contacts.reports_to_contact_id = heads.contact_id
left join {{ ref('stg_salesforce__users') }} as owners
    on contacts.instance = owners.instance
    and contacts.owner_id = owners.user_id
