{#
  Percentage of completion by hours: price x hours to date / (hours to date + hours still to come). What is to come is
  the budget not yet used, and nothing once the project is closed. Each month is the difference to the month before: work
  at the price of its time, and the catch-up of what a changed price or a changed estimate makes of earlier work. Without
  budget hours there is no estimate and no figure.
#}
with projects as (
    select
        project_id,
        currency,
        budget_amount,
        budget_hours,
        project_status in ('closed', 'archived') as is_finished
    from {{ ref('dim_project') }}
    where contract_type = 'fixed_fee'
),

worked as (
    select
        entries.project_id,
        {{ month_start('entries.work_date') }} as month,
        sum(entries.hours) as hours
    from {{ ref('fct_time_entry') }} as entries
    inner join projects on entries.project_id = projects.project_id
    where entries.is_approved
        and entries.work_date <= {{ as_of_date() }}
    group by entries.project_id, {{ month_start('entries.work_date') }}
),

spans as (
    select project_id, min(month) as first_month, max(month) as last_month
    from worked
    group by project_id
),

-- a price changes in its own month, worked or not, once there is work that stands on it
months as (
    select project_id, month from worked
    union
    select changes.project_id, {{ month_start('changes.effective_on') }} as month
    from {{ ref('int_price_changes') }} as changes
    inner join spans on changes.project_id = spans.project_id
    where changes.effective_on >= spans.first_month
),

{{ price_of_month('months', 'projects') }},

running as (
    select
        priced.*,
        projects.currency,
        projects.budget_hours,
        projects.is_finished and priced.month >= spans.last_month as is_complete,
        worked.hours,
        sum(coalesce(worked.hours, 0)) over (
            partition by priced.project_id
            order by priced.month
            rows between unbounded preceding and current row
        ) as hours_to_date
    from priced
    inner join projects on priced.project_id = projects.project_id
    inner join spans on priced.project_id = spans.project_id
    left join worked on priced.project_id = worked.project_id and priced.month = worked.month
),

portions as (
    select
        *,
        {{ ratio('hours_to_date', 'greatest(hours_to_date, budget_hours)') }} as portion,
        case when is_complete then 1 else {{ ratio('hours_to_date', 'greatest(hours_to_date, budget_hours)') }} end as portion_recognised
    from running
    where budget_hours is not null
    union all
    select
        *,
        cast(null as decimal(38, 8)) as portion,
        case when is_complete then 1 end as portion_recognised
    from running
    where budget_hours is null
),

before as (
    select
        *,
        coalesce(lag(portion_recognised) over (partition by project_id order by month), 0) as portion_before,
        coalesce(lag(price) over (partition by project_id order by month), price) as price_before
    from portions
),

events as (
    {{ price_change_events('before') }}
    union all
    select
        project_id,
        month,
        'hours_worked' as event_type,
        least({{ month_end('month') }}, {{ as_of_date() }}) as event_date,
        cast(null as {{ dbt.type_string() }}) as source_record_id,
        {{ round_money(product('price', 'portion'), 'currency') }}
        - {{ round_money(product('price', 'portion_before'), 'currency') }} as revenue_tc
    from before
    where hours is not null and not (is_complete and portion is null)
    union all
    select
        project_id,
        month,
        'estimate_change' as event_type,
        least({{ month_end('month') }}, {{ as_of_date() }}) as event_date,
        cast(null as {{ dbt.type_string() }}) as source_record_id,
        {{ round_money('price', 'currency') }} - coalesce({{ round_money(product('price', 'portion'), 'currency') }}, 0) as revenue_tc
    from before
    where is_complete and portion_before < 1 and coalesce(portion, 0) < 1
)

select
    project_id,
    month,
    'percentage_of_completion_by_hours' as recognition_method,
    event_type,
    event_date,
    cast(month as {{ dbt.type_string() }}) as event_ref,
    source_record_id,
    cast(revenue_tc as decimal(18, 4)) as revenue_tc
from events
