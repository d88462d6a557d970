-- what changed in frozen months since, record by record: each cause with its own effect, which add up
{% set both = [
    'frozen_date', 'now_date', 'frozen_quantity', 'now_quantity', 'frozen_rate', 'now_rate', 'frozen_amount', 'now_amount',
    'currency',
] %}
with changes as (

    select
        rec_close_change.*,
        coalesce(now_counted, 0) - coalesce(frozen_counted, 0) as amount_change,
        {{ differs('now_quantity', 'frozen_quantity') }} as is_other_quantity,
        {{ differs('now_rate', 'frozen_rate') }} as is_other_rate
    from {{ ref('rec_close_change') }} as rec_close_change

),

caused as (

    select changes.*, whole_cause as cause, amount_change as amount_effect
    from changes
    where whole_cause is not null
    union all
    select changes.*, 'changed_hours' as cause, hours_effect as amount_effect
    from changes
    where whole_cause is null and is_other_quantity
    union all
    select changes.*, 'changed_rate' as cause, amount_change - case when is_other_quantity then hours_effect else 0 end as amount_effect
    from changes
    where whole_cause is null and is_other_rate
    union all
    select changes.*, 'changed_amount' as cause, amount_change as amount_effect
    from changes
    where whole_cause is null and not is_other_quantity and not is_other_rate

),

months as (

    select * from {{ ref('stg_ledger__close_months') }} where close_state = 'frozen'

),

frozen as (

    select items.legal_entity_id, items.month, items.item_kind, items.item_id
    from {{ ref('stg_ledger__close_items') }} as items
    inner join months
        on items.legal_entity_id = months.legal_entity_id
        and items.month = months.month
        and items.close_round = months.close_round

),

added as (

    select
        present.*,
        -- known before the close and not in it: somebody moved it there since
        case when present.recorded_at <= months.closed_as_of then 're_dated' else 'late_entry' end as cause
    from {{ ref('fct_close_item') }} as present
    inner join months
        on present.legal_entity_id = months.legal_entity_id
        and present.month = months.month
    left join frozen
        on present.item_kind = frozen.item_kind
        and present.item_id = frozen.item_id
        and present.legal_entity_id = frozen.legal_entity_id
        and present.month = frozen.month
    where frozen.item_id is null

)

select
    legal_entity_id,
    month,
    item_kind,
    item_id,
    cause,
    {% for column in both %}
    {{ column }},
    {% endfor %}
    cast(amount_effect as decimal(18, 4)) as amount_effect
from caused
union all
select
    legal_entity_id,
    month,
    item_kind,
    item_id,
    cause,
    cast(null as date) as frozen_date,
    item_date as now_date,
    cast(null as decimal(18, 4)) as frozen_quantity,
    quantity as now_quantity,
    cast(null as decimal(18, 4)) as frozen_rate,
    rate as now_rate,
    cast(null as decimal(18, 4)) as frozen_amount,
    amount as now_amount,
    currency,
    cast(case when is_counted then amount else 0 end as decimal(18, 4)) as amount_effect
from added
