select
    cast(null as string) as calendar_code,
    cast(null as date) as calendar_date,
    cast(null as boolean) as is_weekend,
    cast(null as boolean) as is_holiday,
    cast(null as string) as holiday_name,
    cast(null as boolean) as is_business_day,
    cast(null as bigint) as business_day_number
where 1 = 0
