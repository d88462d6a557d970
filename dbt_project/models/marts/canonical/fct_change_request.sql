with changes as (
    select * from {{ ref('stg_salesforce__change_requests') }}
)

select
    {{ canonical_id('changes.change_request_id', 'changes.instance') }} as change_request_id,
    changes.instance,
    changes.change_request_id as source_id,
    {{ canonical_id('opportunities.opportunity_id', 'opportunities.instance') }} as opportunity_id,
    changes.change_request_name,
    changes.description,
    changes.amount,
    changes.currency,
    changes.status_code,
    status_map.canonical_value as change_status,
    changes.approved_on is not null and coalesce(status_map.canonical_value, 'approved') = 'approved' as is_approved,
    changes.approved_on,
    changes.services_before,
    changes.budget_before,
    changes.billing_before,
    changes.order_before,
    changes.planned_end_before,
    changes.planned_end_after,
    changes.created_at,
    changes.source_modified_at,
    changes.loaded_at
from changes
left join {{ ref('stg_salesforce__opportunities') }} as opportunities
    on changes.instance = opportunities.instance
    and {{ crm_id_key('changes.opportunity_ref') }} = {{ crm_id_key('opportunities.opportunity_id') }}
{{ join_value_map('status_map', 'changes', 'change_status', 'status_code') }}
