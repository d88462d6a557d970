{#
  When a person was employed, both days included. The status history decides (a rehire has two spans); where it is
  missing, hire and termination date of the employee do.
#}
with statuses as (
    select
        instance,
        employee_id,
        effective_date,
        lower(employment_status_code) = 'terminated' as is_end,
        lead(effective_date) over (
            partition by instance, employee_id order by effective_date, employment_status_id
        ) as next_date
    from {{ ref('stg_bamboohr__employment_statuses') }}
    where effective_date is not null
),

from_history as (
    select
        statuses.instance,
        statuses.employee_id,
        statuses.effective_date as valid_from,
        statuses.next_date
    from statuses
    where not statuses.is_end
),

ends as (
    select instance, employee_id, effective_date from statuses where is_end
),

spans as (
    select
        from_history.instance,
        from_history.employee_id,
        from_history.valid_from,
        case
            -- a termination is dated with the last day worked; any other change starts a span of its own
            when ends.effective_date is not null then from_history.next_date
            else {{ add_days('from_history.next_date', -1) }}
        end as valid_to
    from from_history
    left join ends
        on from_history.instance = ends.instance
        and from_history.employee_id = ends.employee_id
        and from_history.next_date = ends.effective_date
),

without_history as (
    select
        employees.instance,
        employees.employee_id,
        employees.hire_date as valid_from,
        employees.termination_date as valid_to
    from {{ ref('stg_bamboohr__employees') }} as employees
    left join from_history
        on employees.instance = from_history.instance
        and employees.employee_id = from_history.employee_id
    where from_history.employee_id is null
        and employees.hire_date is not null
)

select
    instance || ':' || employee_id as resource_id,
    valid_from,
    valid_to
from spans
union all
select
    instance || ':' || employee_id as resource_id,
    valid_from,
    valid_to
from without_history
