-- A person in two teams on one day would count twice in utilization.
select
    earlier.resource_id,
    earlier.valid_from,
    later.valid_from as overlapping_from
from {{ ref('dim_resource_team') }} as earlier
inner join {{ ref('dim_resource_team') }} as later
    on earlier.resource_id = later.resource_id
    and earlier.valid_from < later.valid_from
where earlier.valid_to is null
    or earlier.valid_to >= later.valid_from
