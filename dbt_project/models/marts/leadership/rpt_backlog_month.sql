-- opening + bookings + changes - cancellations - revenue = closing, month after month, and the last three months behind each
with scopes as (

    select
        legal_entity_id,
        practice_id,
        business_unit_id,
        is_soft,
        min(month) as first_month
    from {{ ref('rpt_sales_month') }}
    group by legal_entity_id, practice_id, business_unit_id, is_soft

),

filled as (

    select
        {% for measure in ['bookings', 'changes', 'cancellations', 'renewals', 'revenue', 'invoiced', 'backlog_change'] %}
        coalesce(sales.{{ measure }}_rc, 0) as {{ measure }}_rc,
        {% endfor %}
        months.month,
        months.is_open_month,
        scopes.legal_entity_id,
        scopes.practice_id,
        scopes.business_unit_id,
        scopes.is_soft
    from scopes
    inner join {{ ref('rpt_month') }} as months
        on scopes.first_month <= months.month
    left join {{ ref('rpt_sales_month') }} as sales
        on months.month = sales.month
        and scopes.is_soft = sales.is_soft
        and coalesce(scopes.legal_entity_id, '') = coalesce(sales.legal_entity_id, '')
        and coalesce(scopes.practice_id, '') = coalesce(sales.practice_id, '')
        and coalesce(scopes.business_unit_id, '') = coalesce(sales.business_unit_id, '')

)

select
    month,
    legal_entity_id,
    practice_id,
    business_unit_id,
    is_soft,
    {% for measure in ['bookings', 'changes', 'cancellations', 'renewals', 'revenue', 'invoiced'] %}
    cast({{ measure }}_rc as decimal(18, 4)) as {{ measure }}_rc,
    {% endfor %}
    cast(sum(backlog_change_rc) over so_far - backlog_change_rc as decimal(18, 4)) as opening_backlog_rc,
    cast(sum(backlog_change_rc) over so_far as decimal(18, 4)) as closing_backlog_rc,
    cast(sum(bookings_rc) over three_months as decimal(18, 4)) as bookings_quarter_rc,
    cast(sum(changes_rc - cancellations_rc) over three_months as decimal(18, 4)) as net_changes_quarter_rc,
    cast(sum(revenue_rc) over three_months as decimal(18, 4)) as revenue_quarter_rc,
    cast(sum(invoiced_rc) over three_months as decimal(18, 4)) as invoiced_quarter_rc,
    is_open_month
from filled
window
    so_far as (
        partition by legal_entity_id, practice_id, business_unit_id, is_soft
        order by month
        rows between unbounded preceding and current row
    ),
    three_months as (
        partition by legal_entity_id, practice_id, business_unit_id, is_soft
        order by month
        rows between 2 preceding and current row
    )
