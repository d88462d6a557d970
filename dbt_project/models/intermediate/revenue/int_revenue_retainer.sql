{#
  Straight line: price x days elapsed / days of the term, from the contract's dates, else the project's. A changed price
  catches up the days before it in its own month.
#}
with terms as (
    select * from {{ ref('int_retainer_terms') }}
    where first_day <= {{ as_of_date() }}
),

calendar as (
    select distinct {{ month_start('calendar_date') }} as month
    from {{ ref('dim_calendar_day') }}
    where calendar_date <= {{ as_of_date() }}
),

months as (
    select terms.project_id, calendar.month
    from terms
    inner join calendar
        on calendar.month >= {{ month_start('terms.first_day') }}
        and calendar.month <= terms.last_day
    union
    select changes.project_id, {{ month_start('changes.effective_on') }} as month
    from {{ ref('int_price_changes') }} as changes
    inner join terms on changes.project_id = terms.project_id
    where changes.effective_on >= terms.first_day
),

{{ price_of_month('months', 'terms') }},

running as (
    select
        priced.*,
        terms.currency,
        priced.month <= terms.last_day as is_in_term,
        least({{ month_end('priced.month') }}, terms.last_day, {{ as_of_date() }}) as recognised_to,
        {{ ratio(
            days('terms.first_day', 'least(' ~ month_end('priced.month') ~ ', terms.last_day, ' ~ as_of_date() ~ ')') ~ ' + 1',
            days('terms.first_day', 'terms.last_day') ~ ' + 1'
        ) }} as portion
    from priced
    inner join terms on priced.project_id = terms.project_id
),

before as (
    select
        *,
        coalesce(lag(portion) over (partition by project_id order by month), 0) as portion_before,
        coalesce(lag(price) over (partition by project_id order by month), price) as price_before
    from running
),

events as (
    {{ price_change_events('before') }}
    union all
    select
        project_id,
        month,
        'term_elapsed' as event_type,
        recognised_to as event_date,
        cast(null as {{ dbt.type_string() }}) as source_record_id,
        {{ round_money(product('price', 'portion'), 'currency') }}
        - {{ round_money(product('price', 'portion_before'), 'currency') }} as revenue_tc
    from before
    where is_in_term
)

select
    project_id,
    month,
    'straight_line' as recognition_method,
    event_type,
    event_date,
    cast(month as {{ dbt.type_string() }}) as event_ref,
    source_record_id,
    cast(revenue_tc as decimal(18, 4)) as revenue_tc
from events
