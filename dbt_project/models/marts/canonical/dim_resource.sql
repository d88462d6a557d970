with employees as (
    select
        *,
        instance || ':' || employee_id as resource_id
    from {{ ref('stg_bamboohr__employees') }}
),

users as (
    select
        users.*,
        links.resource_id,
        links.link_method,
        memberships.disabled_at,
        row_number() over (
            partition by links.resource_id
            order by case when users.is_disabled then 1 else 0 end, length(users.user_id), users.instance, users.user_id
        ) as preference
    from {{ ref('stg_kantata__users') }} as users
    inner join {{ ref('int_resource_users') }} as links
        on users.instance || ':' || users.user_id = links.psa_user_id
    left join {{ ref('stg_kantata__account_memberships') }} as memberships
        on users.instance = memberships.instance
        and users.account_membership_id = memberships.membership_id
),

people as (
    select resource_id from employees
    union
    select resource_id from users
),

teams as (
    select
        *,
        row_number() over (partition by resource_id order by valid_from desc) as recency
    from {{ ref('dim_resource_team') }}
    where valid_from <= {{ as_of_date() }}
)

select
    people.resource_id,
    employees.instance as hr_instance,
    employees.employee_id as hr_employee_id,
    users.instance as psa_instance,
    users.user_id as psa_user_id,
    coalesce(employees.full_name, users.full_name, people.resource_id) as full_name,
    coalesce(employees.email, users.email) as email,
    coalesce(lower(employees.status_code), 'unknown') as employment_status,
    employees.hire_date,
    employees.termination_date,
    teams.legal_entity_id,
    teams.practice_id,
    teams.business_unit_id,
    employees.job_title,
    case when managers.employee_id is not null then employees.instance || ':' || employees.manager_employee_id end as manager_resource_id,
    case
        when employees.employee_id is null then true
        else coalesce(lower(employees.employment_status_code), '') like '%contract%'
    end as is_contractor,
    users.is_disabled as is_psa_disabled,
    users.disabled_at as psa_disabled_at,
    case when employees.employee_id is not null then users.link_method end as link_method,
    employees.source_modified_at,
    coalesce(employees.loaded_at, users.loaded_at) as loaded_at,
    users.loaded_at as psa_loaded_at
from people
left join employees on people.resource_id = employees.resource_id
left join users on people.resource_id = users.resource_id and users.preference = 1
left join teams on people.resource_id = teams.resource_id and teams.recency = 1
left join {{ ref('stg_bamboohr__employees') }} as managers
    on employees.instance = managers.instance
    and employees.manager_employee_id = managers.employee_id
