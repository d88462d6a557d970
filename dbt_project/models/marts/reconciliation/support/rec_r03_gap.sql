with settings as (

    select
        tolerance,
        {{ check_parameter('R03', 'stale_after_months') }} as stale_after_months
    from {{ ref('rec_check_setting') }}
    where check_id = 'R03'

),

rates as (

    select * from {{ ref('dim_resource_cost_rate') }}

),

first_rates as (

    select resource_id, min(valid_from) as first_date
    from rates
    where source = 'hr_pay'
    group by resource_id

),

worked as (

    select resource_id, work_date, sum(hours) as hours
    from {{ ref('fct_time_entry') }}
    where work_date <= {{ as_of_date() }}
    group by resource_id, work_date

),

judged as (

    select
        worked.resource_id,
        worked.work_date,
        worked.hours,
        case
            when first_rates.first_date is null then 'missing'
            when worked.work_date < first_rates.first_date then 'late'
            when rates.cost_rate is null then 'missing'
            when rates.cost_rate = 0 then 'zero'
            when worked.work_date > {{ add_months('rates.set_on', 'settings.stale_after_months') }} then 'stale'
        end as reason
    from worked
    cross join settings
    left join first_rates
        on worked.resource_id = first_rates.resource_id
    left join rates
        on worked.resource_id = rates.resource_id
        and rates.source = 'hr_pay'
        and worked.work_date >= rates.valid_from
        and worked.work_date <= {{ open_end('rates.valid_to') }}

),

-- the copy has no dates, so it is held against the rate of today, of people who book time and can sign in
copies as (

    select
        truth.resource_id,
        case
            when copy.resource_id is null then 'psa_missing'
            when abs(copy.cost_rate - truth.cost_rate) > greatest(settings.tolerance, {{ rounding_allowance('truth.currency', 1) }} * cast(0.5 as decimal(2, 1))) then 'psa_differs'
        end as reason,
        greatest(truth.valid_from, coalesce(copy.valid_from, truth.valid_from)) as since
    from rates as truth
    cross join settings
    inner join {{ ref('dim_resource') }} as resources
        on truth.resource_id = resources.resource_id
        and not resources.is_psa_disabled
    left join rates as copy
        on truth.resource_id = copy.resource_id
        and truth.currency = copy.currency
        and copy.source = 'psa_copy'
    where truth.source = 'hr_pay'
        and truth.cost_rate is not null
        and truth.valid_from <= {{ as_of_date() }}
        and {{ open_end('truth.valid_to') }} >= {{ as_of_date() }}
        and truth.resource_id in (select worked.resource_id from worked)

)

select
    resource_id,
    reason,
    min(work_date) as first_day,
    max(work_date) as last_day,
    cast(sum(hours) as decimal(18, 4)) as hours
from judged
where reason is not null
group by resource_id, reason
union all
select
    resource_id,
    reason,
    since as first_day,
    since as last_day,
    cast(null as decimal(18, 4)) as hours
from copies
where reason is not null
