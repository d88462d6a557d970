{# Job history with its codes mapped; the first known team also covers the days from hiring until its own date. #}
with history as (
    select
        jobs.instance,
        jobs.employee_id,
        jobs.effective_date,
        jobs.location_code,
        jobs.department_code,
        jobs.division_code,
        row_number() over (
            partition by jobs.instance, jobs.employee_id, jobs.effective_date
            order by jobs.job_info_id desc
        ) as preference
    from {{ ref('stg_bamboohr__job_info') }} as jobs
    where jobs.effective_date is not null
),

kept as (
    select
        history.*,
        row_number() over (partition by instance, employee_id order by effective_date) as position,
        lead(effective_date) over (partition by instance, employee_id order by effective_date) as next_date
    from history
    where preference = 1
),

without_history as (
    select
        employees.instance,
        employees.employee_id,
        employees.hire_date as effective_date,
        employees.location_code,
        employees.department_code,
        employees.division_code,
        1 as preference,
        1 as position,
        cast(null as date) as next_date
    from {{ ref('stg_bamboohr__employees') }} as employees
    left join kept
        on employees.instance = kept.instance
        and employees.employee_id = kept.employee_id
    where kept.employee_id is null
        and employees.hire_date is not null
),

teams as (
    select * from kept
    union all
    select * from without_history
)

select
    teams.instance || ':' || teams.employee_id as resource_id,
    case
        when teams.position = 1 and employees.original_hire_date < teams.effective_date then employees.original_hire_date
        when teams.position = 1 and employees.hire_date < teams.effective_date then employees.hire_date
        else teams.effective_date
    end as valid_from,
    {{ add_days('teams.next_date', -1) }} as valid_to,
    entity_map.canonical_value as legal_entity_id,
    practice_map.canonical_value as practice_id,
    unit_map.canonical_value as business_unit_id
from teams
inner join {{ ref('stg_bamboohr__employees') }} as employees
    on teams.instance = employees.instance
    and teams.employee_id = employees.employee_id
{{ join_value_map('entity_map', 'teams', 'legal_entity', 'location_code') }}
{{ join_value_map('practice_map', 'teams', 'practice', 'department_code') }}
{{ join_value_map('unit_map', 'teams', 'business_unit', 'division_code') }}
