with instances as (
    select * from {{ ref('stg_config__instances') }}
),

maps as (
    select
        system,
        coalesce(nullif(instance, ''), '*') as instance,
        field,
        vendor_value,
        canonical_value
    from {{ ref('stg_config__value_map') }}
),

ranked as (
    select
        instances.instance,
        instances.system,
        maps.field,
        maps.vendor_value,
        maps.canonical_value,
        row_number() over (
            partition by instances.instance, maps.field, maps.vendor_value
            order by case when maps.instance = '*' then 1 else 0 end
        ) as preference
    from instances
    inner join maps
        on instances.system = maps.system
        and maps.instance in ('*', instances.instance)
)

select
    instance,
    system,
    field,
    vendor_value,
    canonical_value
from ranked
where preference = 1
