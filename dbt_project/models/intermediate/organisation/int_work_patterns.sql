{#
  Hours per weekday with the days they hold. The first pattern also covers earlier days. Someone without any pattern
  works standard hours spread over Monday to Friday.
#}
with patterns as (
    select
        *,
        row_number() over (partition by instance, employee_id, effective_date order by work_pattern_id desc) as preference
    from {{ ref('stg_bamboohr__work_patterns') }}
    where effective_date is not null
),

kept as (
    select
        instance,
        employee_id,
        case
            when row_number() over (partition by instance, employee_id order by effective_date) = 1 then date '1900-01-01'
            else effective_date
        end as valid_from,
        {{ add_days('lead(effective_date) over (partition by instance, employee_id order by effective_date)', -1) }} as valid_to,
        monday_hours,
        tuesday_hours,
        wednesday_hours,
        thursday_hours,
        friday_hours,
        saturday_hours,
        sunday_hours
    from patterns
    where preference = 1
),

weekdays as (
    {% for day in ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] %}
    select instance, employee_id, valid_from, valid_to, {{ loop.index }} as iso_weekday, {{ day }}_hours as hours
    from kept
    union all
    {% endfor %}
    select
        employees.instance,
        employees.employee_id,
        date '1900-01-01' as valid_from,
        cast(null as date) as valid_to,
        numbers.iso_weekday,
        cast({{ ratio('employees.standard_hours_per_week', 5) }} as decimal(12, 4)) as hours
    from {{ ref('stg_bamboohr__employees') }} as employees
    cross join (
        values (1), (2), (3), (4), (5)
    ) as numbers (iso_weekday)
    left join kept
        on employees.instance = kept.instance
        and employees.employee_id = kept.employee_id
    where kept.employee_id is null
        and employees.standard_hours_per_week is not null
)

select
    instance || ':' || employee_id as resource_id,
    valid_from,
    valid_to,
    iso_weekday,
    coalesce(hours, 0) as hours
from weekdays
