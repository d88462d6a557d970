-- a company's month as it is now and as it was frozen
with hours as (

    select
        legal_entity_id,
        month,
        sum(case when is_counted then quantity else 0 end) as approved_hours,
        sum(case when is_counted and item_status = 'billable' then quantity else 0 end) as approved_billable_hours,
        sum(case when is_counted then 0 else quantity end) as unapproved_hours
    from {{ ref('fct_close_item') }}
    where item_kind = 'time_entry'
    group by legal_entity_id, month

),

revenue as (

    select legal_entity_id, month, sum(revenue_fc) as value
    from {{ ref('fct_revenue_month') }}
    group by legal_entity_id, month

),

invoiced as (

    select legal_entity_id, posting_period_start as month, sum(net_amount_fc) as value
    from {{ ref('fct_invoice') }}
    where coalesce(invoice_status, '') <> 'voided'
    group by legal_entity_id, posting_period_start

),

present as (

    select legal_entity_id, month, 'approved_hours' as metric_id, approved_hours as metric_value from hours
    union all
    select legal_entity_id, month, 'approved_billable_hours' as metric_id, approved_billable_hours as metric_value from hours
    union all
    select legal_entity_id, month, 'unapproved_hours' as metric_id, unapproved_hours as metric_value from hours
    union all
    select legal_entity_id, month, 'revenue_fc' as metric_id, value as metric_value from revenue
    union all
    select legal_entity_id, month, 'invoiced_net_fc' as metric_id, value as metric_value from invoiced

),

frozen as (

    select
        figures.legal_entity_id,
        figures.month,
        figures.metric_id,
        figures.metric_value
    from {{ ref('stg_ledger__close_figures') }} as figures
    inner join {{ ref('stg_ledger__close_months') }} as months
        on figures.legal_entity_id = months.legal_entity_id
        and figures.month = months.month
        and figures.close_round = months.close_round
    where months.close_state = 'frozen'

),

both_sides as (

    select
        coalesce(present.legal_entity_id, frozen.legal_entity_id) as legal_entity_id,
        coalesce(present.month, frozen.month) as month,
        coalesce(present.metric_id, frozen.metric_id) as metric_id,
        present.metric_value,
        frozen.metric_value as frozen_value,
        frozen.metric_id is not null as is_frozen
    from present
    full outer join frozen
        on present.legal_entity_id = frozen.legal_entity_id
        and present.month = frozen.month
        and present.metric_id = frozen.metric_id

)

select
    both_sides.legal_entity_id,
    both_sides.month,
    both_sides.metric_id,
    case when both_sides.metric_id like '%_hours' then 'hours' else entities.functional_currency end as unit,
    cast(both_sides.metric_value as decimal(18, 4)) as metric_value,
    both_sides.is_frozen,
    cast(both_sides.frozen_value as decimal(18, 4)) as frozen_value,
    cast(
        case when both_sides.is_frozen then coalesce(both_sides.metric_value, 0) - coalesce(both_sides.frozen_value, 0) end
        as decimal(18, 4)
    ) as difference
from both_sides
left join {{ ref('dim_legal_entity') }} as entities
    on both_sides.legal_entity_id = entities.legal_entity_id
where both_sides.legal_entity_id is not null
    and both_sides.month is not null
