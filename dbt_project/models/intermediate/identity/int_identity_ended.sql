{# Links that people ended, or whose acceptance another decision replaced: kept, with who and when. #}
with decisions as (
    select
        *,
        case kind when 'ended' then method else 'confirmed' end as link_method,
        case kind when 'ended' then linked_from else decided_at end as valid_from,
        case kind when 'ended' then decided_at else ended_at end as valid_to,
        case kind when 'ended' then actor else ended_by end as decided_by
    from {{ ref('stg_ledger__identity_decisions') }}
    where kind = 'ended' or (kind = 'accepted' and ended_at is not null)
)

select
    decisions.decision_id,
    subjects.system,
    split_part(decisions.record_key, ':', 1) as instance,
    split_part(decisions.record_key, ':', 2) as object_type,
    split_part(decisions.record_key, ':', 3) as record_id,
    targets.system as target_system,
    split_part(decisions.target_key, ':', 1) as target_instance,
    split_part(decisions.target_key, ':', 2) as target_object_type,
    split_part(decisions.target_key, ':', 3) as target_record_id,
    decisions.link_method as method,
    case decisions.link_method
        when 'confirmed' then 1
        when 'stored_reference' then 1
        when 'erp_customer' then 1
        when 'external_id' then 2
        when 'tax_id_country' then 3
        when 'customer_number' then 3
        when 'name_similarity' then 5
        else 4
    end as rung,
    decisions.score,
    decisions.decided_by,
    decisions.valid_from,
    decisions.valid_to
from decisions
inner join {{ ref('stg_config__instances') }} as subjects
    on split_part(decisions.record_key, ':', 1) = subjects.instance
inner join {{ ref('stg_config__instances') }} as targets
    on split_part(decisions.target_key, ':', 1) = targets.instance
