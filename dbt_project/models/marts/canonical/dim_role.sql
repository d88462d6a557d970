select
    {{ canonical_id('role_id', 'instance') }} as role_id,
    instance,
    role_id as source_id,
    role_name,
    source_modified_at,
    loaded_at
from {{ ref('stg_kantata__roles') }}
