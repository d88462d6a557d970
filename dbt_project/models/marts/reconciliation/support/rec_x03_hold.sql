{#
  What waits for a control total that does not tie: nothing is published, nothing of these checks is written. Figures of a
  company compare several systems, so they count only when all of them have just been read.
#}
with needed as (

    {{ check_source_rows() }}

),

broken as (

    select
        ties.*,
        coalesce(instances.system_role, 'erp') as system_role
    from {{ ref('rec_x03_tie') }} as ties
    inner join {{ ref('rec_check_setting') }} as settings
        on settings.check_id = 'X03' and settings.is_enabled
    inner join {{ ref('rec_check_freshness') }} as freshness
        on freshness.check_id = 'X03' and (ties.instance is not null or freshness.is_fresh)
    left join {{ ref('rec_source_instance') }} as instances
        on ties.instance = instances.instance
    where ties.difference <> 0

)

select
    needed.check_id,
    broken.tie_id,
    broken.tie,
    broken.instance,
    broken.legal_entity_id,
    broken.currency,
    broken.from_stage,
    broken.from_amount,
    broken.to_stage,
    broken.to_amount
from broken
inner join needed
    on broken.system_role = needed.system_role
