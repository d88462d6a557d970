with customer_links as (
    select
        links.record_key as subject_key,
        links.target_key,
        links.rung,
        links.method,
        links.score,
        links.link_status,
        links.known_at
    from {{ ref('int_customer_links') }} as links
    union all
    select
        record_key as subject_key,
        target_key,
        rung,
        method,
        score,
        link_status,
        known_at
    from {{ ref('int_customer_suggestions') }}
    union all
    select
        record_key as subject_key,
        target_key,
        rung,
        method,
        score,
        link_status,
        known_at
    from {{ ref('int_account_duplicates') }}
),

all_links as (
    select
        'customer' as subject_type,
        case when links.link_status = 'linked' then members.customer_id end as canonical_id,
        subjects.system,
        subjects.instance,
        subjects.object_type,
        subjects.record_id,
        targets.system as target_system,
        targets.instance as target_instance,
        targets.object_type as target_object_type,
        targets.record_id as target_record_id,
        links.method,
        links.rung,
        links.score,
        links.link_status,
        links.known_at,
        decisions.actor as decided_by
    from customer_links as links
    inner join {{ ref('int_customer_records') }} as subjects on links.subject_key = subjects.record_key
    inner join {{ ref('int_customer_records') }} as targets on links.target_key = targets.record_key
    inner join {{ ref('int_customer_members') }} as members on links.subject_key = members.record_key
    left join {{ ref('stg_ledger__identity_decisions') }} as decisions
        on links.method = 'confirmed'
        and decisions.kind = 'accepted'
        and decisions.ended_at is null
        and least(links.subject_key, links.target_key) = least(decisions.record_key, decisions.target_key)
        and greatest(links.subject_key, links.target_key) = greatest(decisions.record_key, decisions.target_key)
    {% for subject_type, model, subject, target, from_system, from_object, to_system, to_object, canonical in [
        ('project', 'int_project_jobs', 'project_id', 'erp_job_id', 'kantata', 'workspace', 'netsuite', 'job', 'project_id'),
        ('resource', 'int_resource_links', 'psa_user_id', 'hr_employee_id', 'kantata', 'user', 'bamboohr', 'employee', 'hr_employee_id'),
        ('milestone', 'int_milestone_charges', 'milestone_id', 'charge_key', 'kantata', 'story', 'netsuite', 'charge', 'milestone_id'),
        ('invoice', 'int_invoice_documents', 'invoice_id', 'psa_invoice_id', 'netsuite', 'transaction', 'kantata', 'invoice', 'invoice_id')
    ] %}
    union all
    select
        '{{ subject_type }}' as subject_type,
        case when link_status = 'linked' then {{ canonical }} end as canonical_id,
        '{{ from_system }}' as system,
        split_part({{ subject }}, ':', 1) as instance,
        '{{ from_object }}' as object_type,
        split_part({{ subject }}, ':', 2) as record_id,
        '{{ to_system }}' as target_system,
        split_part({{ target }}, ':', 1) as target_instance,
        '{{ to_object }}' as target_object_type,
        split_part({{ target }}, ':', 2) as target_record_id,
        method,
        rung,
        cast(1 as decimal(18, 8)) as score,
        link_status,
        known_at,
        cast(null as {{ dbt.type_string() }}) as decided_by
    from {{ ref(model) }}
    {% endfor %}
)

select
    {{ md5_key(['subject_type', 'instance', 'object_type', 'record_id', 'target_instance', 'target_object_type', 'target_record_id', 'method']) }} as link_id,
    subject_type,
    canonical_id,
    system,
    instance,
    object_type,
    record_id,
    target_system,
    target_instance,
    target_object_type,
    target_record_id,
    method,
    cast(rung as bigint) as rung,
    score,
    link_status as status,
    decided_by,
    known_at as valid_from,
    cast(null as {{ type_moment() }}) as valid_to
from all_links
union all
select
    {{ md5_key(['decision_id']) }} as link_id,
    'customer' as subject_type,
    cast(null as {{ dbt.type_string() }}) as canonical_id,
    system,
    instance,
    object_type,
    record_id,
    target_system,
    target_instance,
    target_object_type,
    target_record_id,
    method,
    cast(rung as bigint) as rung,
    score,
    'ended' as status,
    decided_by,
    valid_from,
    valid_to
from {{ ref('int_identity_ended') }}
