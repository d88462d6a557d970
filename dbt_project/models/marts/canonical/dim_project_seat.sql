with seats as (
    select
        seats.*,
        links.resource_id,
        row_number() over (
            partition by seats.instance, seats.workspace_id, links.resource_id
            order by case when seats.resource_bill_rate is null then 1 else 0 end, seats.source_modified_at desc, seats.workspace_resource_id
        ) as preference
    from {{ ref('stg_kantata__workspace_resources') }} as seats
    inner join {{ ref('int_resource_users') }} as links
        on seats.instance || ':' || seats.user_id = links.psa_user_id
)

select
    instance || ':' || workspace_id || '|' || resource_id as project_seat_id,
    instance || ':' || workspace_id as project_id,
    resource_id,
    {{ canonical_id('role_id') }} as role_id,
    resource_bill_rate as bill_rate_override,
    source_modified_at,
    loaded_at
from seats
where preference = 1
