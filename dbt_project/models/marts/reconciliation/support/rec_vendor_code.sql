-- the way back through the value maps: which code a vendor instance writes for our value. A row for the instance wins over
-- one for all instances of the system; the first by name when several codes mean the same.
with codes as (

    select
        instances.system,
        instances.instance,
        maps.field,
        maps.canonical_value,
        maps.vendor_value,
        row_number() over (
            partition by instances.instance, maps.field, maps.canonical_value
            order by case when maps.instance = instances.instance then 0 else 1 end, maps.vendor_value
        ) as preference
    from {{ ref('rec_source_instance') }} as instances
    inner join {{ source('raw_config', 'value_map') }} as maps
        on instances.system = maps.system and maps.instance in ('*', instances.instance)

)

select
    system,
    instance,
    field,
    canonical_value,
    vendor_value
from codes
where preference = 1
