-- Hours of living PSA entries and hours of the mart must be the same to the minute, per instance.
with staged as (
    select instance, sum(time_in_minutes) as minutes, count(*) as entries
    from {{ ref('stg_kantata__time_entries') }}
    group by instance
),

marts as (
    select instance, sum(hours) as hours, count(*) as entries
    from {{ ref('fct_time_entry') }}
    group by instance
)

select
    staged.instance,
    staged.minutes,
    marts.hours
from staged
full outer join marts on staged.instance = marts.instance
where staged.entries is distinct from marts.entries
    -- a third of an hour is not a decimal: half of the fourth digit per entry may differ
    or abs(staged.minutes - marts.hours * 60) > staged.entries * 0.003
