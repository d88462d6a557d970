{# Days of the term still to come, month by month: the difference of what is recognised to date, as in the months before. #}
with terms as (
    select
        *,
        greatest(first_day, {{ add_days(as_of_date(), 1) }}) as from_day,
        {{ ratio(
            'greatest(' ~ days('first_day', as_of_date()) ~ ' + 1, 0)',
            days('first_day', 'last_day') ~ ' + 1'
        ) }} as portion_recognised
    from {{ ref('int_retainer_terms') }}
    where coalesce(project_status, 'active') not in ('closed', 'archived')
        and last_day > {{ as_of_date() }}
),

calendar as (
    select distinct {{ month_start('calendar_date') }} as month
    from {{ ref('dim_calendar_day') }}
),

months as (
    select
        terms.*,
        calendar.month,
        greatest(calendar.month, terms.from_day) as month_from,
        least({{ month_end('calendar.month') }}, terms.last_day) as month_to
    from terms
    inner join calendar
        on calendar.month >= {{ month_start('terms.from_day') }}
        and calendar.month <= terms.last_day
),

to_date as (
    select
        *,
        {{ round_money(
            product('budget_amount', ratio(days('first_day', 'month_to') ~ ' + 1', days('first_day', 'last_day') ~ ' + 1')),
            'currency'
        ) }} as revenue_to_date
    from months
)

select
    project_id,
    month,
    'days_of_term' as schedule_basis,
    month_from as first_day,
    month_to as last_day,
    cast(
        revenue_to_date - coalesce(
            lag(revenue_to_date) over (partition by project_id order by month),
            {{ round_money(product('budget_amount', 'portion_recognised'), 'currency') }}
        ) as decimal(18, 4)
    ) as revenue_tc
from to_date
