-- calendar months of the firm's history; the month that as_of falls in is open and stays out of executive figures
with months as (

    select distinct {{ month_start('calendar_date') }} as month
    from {{ ref('dim_calendar_day') }}
    where calendar_date <= {{ as_of_date() }}

)

select
    month,
    {{ month_end('month') }} as month_end,
    {{ month_end('month') }} >= {{ as_of_date() }} as is_open_month,
    row_number() over (order by case when {{ month_end('month') }} >= {{ as_of_date() }} then 1 else 0 end, month desc) as months_back
from months
