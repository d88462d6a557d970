select
    {{ canonical_id('allocations.allocation_id', 'allocations.instance') }} as assignment_id,
    allocations.instance,
    allocations.allocation_id as source_id,
    links.resource_id,
    allocations.instance || ':' || coalesce(allocations.workspace_id, seats.workspace_id) as project_id,
    {{ canonical_id('seats.role_id', 'seats.instance') }} as role_id,
    allocations.start_date,
    allocations.end_date,
    allocations.allocated_hours,
    coalesce(allocations.is_hard, false) as is_hard,
    allocations.source_modified_at,
    allocations.loaded_at
from {{ ref('stg_kantata__workspace_allocations') }} as allocations
left join {{ ref('stg_kantata__workspace_resources') }} as seats
    on allocations.instance = seats.instance
    and allocations.workspace_resource_id = seats.workspace_resource_id
left join {{ ref('int_resource_users') }} as links
    on seats.instance || ':' || seats.user_id = links.psa_user_id
