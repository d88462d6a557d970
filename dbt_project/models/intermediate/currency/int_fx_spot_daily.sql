with published as (
    select * from {{ ref('int_fx_published') }}
),

days as (
    {{ date_series("(select coalesce(min(published_on), " ~ as_of_date() ~ ") from published)", as_of_date()) }}
)

select
    published.from_currency,
    published.to_currency,
    days.calendar_date as rate_date,
    published.rate,
    published.published_on
from days
inner join published
    on days.calendar_date >= published.published_on
    and days.calendar_date < {{ open_end('published.next_published_on') }}
