{# Every pair of customer records that some rung of the ladder speaks for; rung 5 is added in int_customer_suggestions. #}
with records as (
    select * from {{ ref('int_customer_records') }}
),

stored_refs as (
    select
        instance || ':workspace_group:' || subject_id as record_key,
        case when service_name = 'netsuite' then 'customer' else 'account' end as object_type,
        service_ref,
        source_modified_at
    from {{ ref('stg_kantata__external_references') }}
    where subject_type = 'WorkspaceGroup'
        and (
            (service_name = 'netsuite' and service_model = 'customer')
            or (service_name = 'salesforce' and service_model = 'Account')
        )
),

crm as (
    select * from records where object_type = 'account'
),

erp as (
    select * from records where object_type = 'customer'
),

psa as (
    select * from records where object_type = 'workspace_group'
),

pairs as (
    select
        erp.record_key,
        crm.record_key as target_key,
        1 as rung,
        'stored_reference' as method,
        erp.source_modified_at as known_at,
        cast(null as {{ dbt.type_string() }}) as reference_key
    from erp
    inner join crm on {{ crm_id_key('erp.crm_ref') }} = {{ crm_id_key('crm.record_id') }}
    union all
    select
        erp.record_key,
        crm.record_key as target_key,
        1 as rung,
        'stored_reference' as method,
        crm.source_modified_at as known_at,
        crm.record_key || '>' || crm.erp_ref as reference_key
    from crm
    inner join erp on crm.erp_ref = erp.record_id
    union all
    select
        erp.record_key,
        crm.record_key as target_key,
        2 as rung,
        'external_id' as method,
        erp.source_modified_at as known_at,
        cast(null as {{ dbt.type_string() }}) as reference_key
    from erp
    inner join crm on {{ crm_id_key('erp.external_id') }} = {{ crm_id_key('crm.record_id') }}
    union all
    select
        erp.record_key,
        crm.record_key as target_key,
        3 as rung,
        'tax_id_country' as method,
        erp.source_modified_at as known_at,
        cast(null as {{ dbt.type_string() }}) as reference_key
    from erp
    inner join crm
        on erp.tax_id_key = crm.tax_id_key
        and coalesce(erp.country_code, '') = coalesce(crm.country_code, erp.country_code, '')
    union all
    select
        erp.record_key,
        crm.record_key as target_key,
        3 as rung,
        'customer_number' as method,
        erp.source_modified_at as known_at,
        cast(null as {{ dbt.type_string() }}) as reference_key
    from erp
    inner join crm on erp.customer_number = crm.customer_number
    union all
    select
        erp.record_key,
        crm.record_key as target_key,
        4 as rung,
        'name_country_currency' as method,
        erp.source_modified_at as known_at,
        cast(null as {{ dbt.type_string() }}) as reference_key
    from erp
    inner join crm
        on erp.name_key = crm.name_key
        and erp.country_code = crm.country_code
        and erp.currency = crm.currency
    union all
    select
        psa.record_key,
        targets.record_key as target_key,
        1 as rung,
        'stored_reference' as method,
        stored_refs.source_modified_at as known_at,
        psa.record_key || '>' || stored_refs.object_type || ':' || stored_refs.service_ref as reference_key
    from stored_refs
    inner join psa on stored_refs.record_key = psa.record_key
    inner join records as targets
        on stored_refs.object_type = targets.object_type
        and case
            when targets.object_type = 'account' then {{ crm_id_key('stored_refs.service_ref') }} = {{ crm_id_key('targets.record_id') }}
            else stored_refs.service_ref = targets.record_id
        end
    union all
    select
        psa.record_key,
        targets.record_key as target_key,
        4 as rung,
        'name_domain' as method,
        psa.source_modified_at as known_at,
        cast(null as {{ dbt.type_string() }}) as reference_key
    from psa
    inner join records as targets
        on psa.name_key = targets.name_key
        and psa.domain_key = targets.domain_key
    where targets.object_type in ('account', 'customer')
    union all
    select
        record_key,
        target_key,
        1 as rung,
        'confirmed' as method,
        decided_at as known_at,
        cast(null as {{ dbt.type_string() }}) as reference_key
    from {{ ref('stg_ledger__identity_decisions') }}
    where kind = 'accepted' and ended_at is null and record_key not like '%:account:%'
),

judged as (
    select
        pairs.*,
        targets.instance as target_instance,
        targets.object_type as target_object_type,
        coalesce(subjects.name_key = targets.name_key, false) as agrees,
        count(*) over (partition by pairs.reference_key) as same_id_count
    from pairs
    inner join records as subjects on pairs.record_key = subjects.record_key
    inner join records as targets on pairs.target_key = targets.record_key
    where {{ not_refuted('pairs') }}
)

select
    -- a record may have one counterpart in each instance of another system
    record_key || '>' || target_instance || ':' || target_object_type as scope,
    record_key,
    target_key,
    rung,
    method,
    cast(1 as decimal(18, 8)) as score,
    agrees,
    known_at
from judged
-- an ERP number that exists in several ERPs means the one whose name agrees
where reference_key is null
    or same_id_count = 1
    or agrees
