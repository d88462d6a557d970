{# PSA user to HR employee: stored reference, then work e-mail. A name is never evidence. #}
with users as (
    select * from {{ ref('stg_kantata__users') }}
),

employees as (
    select * from {{ ref('stg_bamboohr__employees') }}
),

stored_refs as (
    select * from {{ ref('stg_kantata__external_references') }}
    where service_name = 'bamboohr' and service_model = 'employee' and subject_type = 'User'
),

candidates as (
    select
        users.instance || ':' || users.user_id as scope,
        employees.instance || ':' || employees.employee_id as target_key,
        1 as rung,
        'stored_reference' as method,
        coalesce(users.email = employees.email, false) as agrees,
        stored_refs.source_modified_at as known_at
    from stored_refs
    inner join users on stored_refs.instance = users.instance and stored_refs.subject_id = users.user_id
    inner join employees on stored_refs.service_ref = employees.employee_id
    union all
    select
        users.instance || ':' || users.user_id as scope,
        employees.instance || ':' || employees.employee_id as target_key,
        3 as rung,
        'email' as method,
        employees.termination_date is null as agrees,
        employees.source_modified_at as known_at
    from users
    inner join employees on users.email = employees.email
),

picked as (
    {{ ladder('candidates') }}
)

select
    scope as psa_user_id,
    target_key as hr_employee_id,
    rung,
    method,
    known_at,
    link_status
from picked
