-- records of frozen months that are not what was frozen: both sides, and the one cause where the whole record is concerned
with frozen as (

    select items.*
    from {{ ref('stg_ledger__close_items') }} as items
    inner join {{ ref('stg_ledger__close_months') }} as months
        on items.legal_entity_id = months.legal_entity_id
        and items.month = months.month
        and items.close_round = months.close_round
    where months.close_state = 'frozen'

)

select
    frozen.legal_entity_id,
    frozen.month,
    frozen.item_kind,
    frozen.item_id,
    frozen.item_date as frozen_date,
    present.item_date as now_date,
    frozen.quantity as frozen_quantity,
    present.quantity as now_quantity,
    frozen.rate as frozen_rate,
    present.rate as now_rate,
    frozen.amount as frozen_amount,
    present.amount as now_amount,
    frozen.currency,
    case
        when present.item_id is null then 'deleted'
        when {{ differs('present.legal_entity_id', 'frozen.legal_entity_id') }} then 'moved_to_another_company'
        when {{ differs('present.month', 'frozen.month') }} then 're_dated'
        when frozen.is_counted and not present.is_counted
            then case when frozen.item_kind = 'invoice' then 'voided' else 'approval_withdrawn' end
        when present.is_counted and not frozen.is_counted
            then case when frozen.item_kind = 'invoice' then 'reinstated' else 'newly_approved' end
        when {{ differs('present.currency', 'frozen.currency') }} then 'changed_currency'
        when frozen.item_kind = 'invoice' and {{ differs('present.amount', 'frozen.amount') }} then 'invoice_changed'
    end as whole_cause,
    cast(case when frozen.is_counted then frozen.amount else 0 end as decimal(18, 4)) as frozen_counted,
    -- what is elsewhere now counts there
    cast(
        case
            when present.is_counted and present.month = frozen.month and present.legal_entity_id = frozen.legal_entity_id
                then present.amount
            else 0
        end as decimal(18, 4)
    ) as now_counted,
    -- more hours at the old rate; what is left of the change is the rate's
    cast(
        case
            when present.is_counted and present.item_status = 'billable' and {{ differs('present.rate', 'frozen.rate') }}
                then (present.quantity - frozen.quantity) * frozen.rate
            when {{ differs('present.quantity', 'frozen.quantity') }} and present.is_counted then present.amount - frozen.amount
            else 0
        end as decimal(18, 4)
    ) as hours_effect
from frozen
left join {{ ref('fct_close_item') }} as present
    on frozen.item_kind = present.item_kind
    and frozen.item_id = present.item_id
where {{ differs('present.item_hash', 'frozen.item_hash') }}
    or {{ differs('present.month', 'frozen.month') }}
