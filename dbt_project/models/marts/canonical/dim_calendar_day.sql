with calendars as (
    select distinct calendar_code from {{ ref('stg_config__legal_entities') }}
),

days as (
    {{ date_series("date '" ~ var('calendar_start') ~ "'", add_days(as_of_date(), 366 * var('calendar_years_ahead'))) }}
),

marked as (
    select
        calendars.calendar_code,
        days.calendar_date,
        {{ iso_weekday('days.calendar_date') }} >= 6 as is_weekend,
        holidays.holiday_date is not null as is_holiday,
        holidays.holiday_name
    from calendars
    cross join days
    left join {{ ref('stg_config__holidays') }} as holidays
        on calendars.calendar_code = holidays.calendar_code
        and days.calendar_date = holidays.holiday_date
)

select
    calendar_code,
    calendar_date,
    is_weekend,
    is_holiday,
    holiday_name,
    not is_weekend and not is_holiday as is_business_day,
    cast(
        sum(case when not is_weekend and not is_holiday then 1 else 0 end) over (
            partition by calendar_code
            order by calendar_date
            rows between unbounded preceding and current row
        ) as bigint
    ) as business_day_number
from marked
