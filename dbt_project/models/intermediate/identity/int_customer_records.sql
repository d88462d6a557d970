{# One shape for the customer record of every vendor, with the folded keys that the ladder compares. #}
with accounts as (
    select
        'salesforce' as system,
        instance,
        'account' as object_type,
        account_id as record_id,
        account_name as record_name,
        legal_name,
        tax_id,
        currency,
        billing_country as country_code,
        {{ clean('billing_street') }} as billing_street,
        billing_city,
        billing_postal_code,
        payment_terms_days,
        is_erp_credit_hold as is_on_credit_hold,
        cast(null as {{ dbt.type_string() }}) as legal_entity_id,
        website as web_address,
        account_number as customer_number,
        cast(null as {{ dbt.type_string() }}) as crm_ref,
        erp_customer_ref as erp_ref,
        instance || ':account:' || parent_account_id as parent_key,
        cast(null as boolean) as is_inactive,
        cast(null as {{ dbt.type_string() }}) as external_id,
        source_modified_at,
        loaded_at
    from {{ ref('stg_salesforce__accounts') }}
),

primary_subsidiaries as (
    select
        relations.instance,
        relations.customer_id,
        entities.legal_entity_id,
        row_number() over (
            partition by relations.instance, relations.customer_id
            order by case when relations.is_primary then 0 else 1 end, relations.relationship_id
        ) as preference
    from {{ ref('stg_netsuite__customer_subsidiaries') }} as relations
    inner join {{ ref('int_erp_entities') }} as entities
        on relations.instance = entities.instance
        and relations.subsidiary_id = entities.subsidiary_id
),

erp_customers as (
    select
        'netsuite' as system,
        customers.instance,
        'customer' as object_type,
        customers.customer_id as record_id,
        coalesce(customers.display_name, customers.legal_name) as record_name,
        customers.legal_name,
        customers.tax_id,
        currencies.currency,
        addresses.country_code,
        {{ clean("concat_ws(', ', " ~ clean('addresses.address_line_1') ~ ", " ~ clean('addresses.address_line_2') ~ ")") }} as billing_street,
        addresses.city as billing_city,
        addresses.postal_code as billing_postal_code,
        terms.payment_terms_days,
        coalesce(customers.credit_hold_code = 'ON', false) as is_on_credit_hold,
        primary_subsidiaries.legal_entity_id,
        customers.email as web_address,
        customers.customer_number,
        customers.crm_account_ref as crm_ref,
        cast(null as {{ dbt.type_string() }}) as erp_ref,
        customers.instance || ':customer:' || customers.parent_customer_id as parent_key,
        coalesce(customers.is_inactive, false) as is_inactive,
        customers.external_id,
        customers.source_modified_at,
        customers.loaded_at
    from {{ ref('stg_netsuite__customers') }} as customers
    left join {{ ref('stg_netsuite__currencies') }} as currencies
        on customers.instance = currencies.instance
        and customers.currency_id = currencies.currency_id
    left join {{ ref('stg_netsuite__terms') }} as terms
        on customers.instance = terms.instance
        and customers.term_id = terms.term_id
    left join {{ ref('stg_netsuite__addresses') }} as addresses
        on customers.instance = addresses.instance
        and customers.billing_address_id = addresses.address_id
    left join primary_subsidiaries
        on customers.instance = primary_subsidiaries.instance
        and customers.customer_id = primary_subsidiaries.customer_id
        and primary_subsidiaries.preference = 1
),

client_groups as (
    select
        'kantata' as system,
        instance,
        'workspace_group' as object_type,
        workspace_group_id as record_id,
        group_name as record_name,
        legal_name,
        cast(null as {{ dbt.type_string() }}) as tax_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as {{ dbt.type_string() }}) as country_code,
        cast(null as {{ dbt.type_string() }}) as billing_street,
        cast(null as {{ dbt.type_string() }}) as billing_city,
        cast(null as {{ dbt.type_string() }}) as billing_postal_code,
        payment_terms_days,
        cast(null as boolean) as is_on_credit_hold,
        cast(null as {{ dbt.type_string() }}) as legal_entity_id,
        coalesce(website, email) as web_address,
        cast(null as {{ dbt.type_string() }}) as customer_number,
        cast(null as {{ dbt.type_string() }}) as crm_ref,
        cast(null as {{ dbt.type_string() }}) as erp_ref,
        cast(null as {{ dbt.type_string() }}) as parent_key,
        cast(null as boolean) as is_inactive,
        cast(null as {{ dbt.type_string() }}) as external_id,
        source_modified_at,
        loaded_at,
        {{ clean('address') }} as billing_address
    from {{ ref('stg_kantata__workspace_groups') }}
    where coalesce(is_company, true)
),

records as (
    select
        *,
        {{ clean("concat_ws(', ', billing_street, " ~ clean("concat_ws(' ', billing_city, billing_postal_code)") ~ ")") }} as billing_address
    from (
        select * from accounts
        union all
        select * from erp_customers
    ) as structured
    union all
    select * from client_groups
)

select
    instance || ':' || object_type || ':' || record_id as record_key,
    records.*,
    {{ name_key('coalesce(legal_name, record_name)') }} as name_key,
    {{ name_key('legal_name') }} as legal_name_key,
    {{ legal_form('legal_name') }} as legal_form,
    {{ code_key('tax_id') }} as tax_id_key,
    case when not {{ is_free_mail(domain_of('web_address')) }} then {{ domain_of('web_address') }} end as domain_key
from records
