{# Approved leave per person and day; leave counted in days stays in days here and meets the pattern in capacity. #}
select
    requests.instance || ':' || requests.employee_id as resource_id,
    days.off_date,
    cast(sum(case when lower(requests.unit_code) = 'hours' then days.amount else 0 end) as decimal(12, 4)) as off_hours,
    cast(sum(case when lower(requests.unit_code) = 'days' then days.amount else 0 end) as decimal(12, 4)) as off_days
from {{ ref('stg_bamboohr__time_off_days') }} as days
inner join {{ ref('stg_bamboohr__time_off_requests') }} as requests
    on days.instance = requests.instance
    and days.request_id = requests.request_id
where lower(requests.status_code) = 'approved'
group by requests.instance || ':' || requests.employee_id, days.off_date
