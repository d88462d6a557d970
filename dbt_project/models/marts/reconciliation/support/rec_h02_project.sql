-- people whose tasks on a project hold other hours than their firm bookings on it; hours compare to the hundredth
with people as (

    select resource_id
    from {{ ref('dim_resource') }}
    -- whoever has left for good and stays booked is found by H01
    where termination_date is null or termination_date >= {{ as_of_date() }} or hire_date > termination_date

),

-- neither bookings by task nor tasks by day are known, so both count whole, on projects that are not over
projects as (

    select project_id
    from {{ ref('dim_project') }}
    where project_status in ('active', 'on_hold')
        and (end_date is null or end_date > {{ as_of_date() }})

),

planned as (

    select
        project_id,
        resource_id,
        sum(allocated_hours) as task_hours,
        max(source_modified_at) as changed_at
    from {{ ref('fct_task_assignment') }}
    where is_current and allocated_hours > 0
    group by project_id, resource_id

),

booked as (

    select
        project_id,
        resource_id,
        sum(case when is_hard then allocated_hours else 0 end) as hard_hours,
        sum(case when is_hard then 0 else allocated_hours end) as soft_hours,
        max(source_modified_at) as changed_at
    from {{ ref('fct_assignment') }}
    where allocated_hours > 0
    group by project_id, resource_id

),

pairs as (

    select project_id, resource_id from planned
    union
    select project_id, resource_id from booked
    -- work that is booked alone is not planned by task
    where project_id in (select project_id from planned)

),

compared as (

    select
        pairs.resource_id,
        pairs.project_id,
        coalesce(planned.task_hours, 0) as task_hours,
        coalesce(booked.hard_hours, 0) as hard_hours,
        coalesce(booked.soft_hours, 0) as soft_hours,
        greatest(
            coalesce(planned.changed_at, booked.changed_at), coalesce(booked.changed_at, planned.changed_at)
        ) as changed_at
    from pairs
    inner join people
        on pairs.resource_id = people.resource_id
    inner join projects
        on pairs.project_id = projects.project_id
    left join planned
        on pairs.project_id = planned.project_id and pairs.resource_id = planned.resource_id
    left join booked
        on pairs.project_id = booked.project_id and pairs.resource_id = booked.resource_id

)

select
    resource_id,
    project_id,
    resource_id || '|' || project_id as matching_key,
    cast(task_hours as decimal(18, 4)) as task_hours,
    cast(hard_hours as decimal(18, 4)) as hard_hours,
    cast(soft_hours as decimal(18, 4)) as soft_hours,
    cast(task_hours - hard_hours as decimal(18, 4)) as difference_hours,
    changed_at
from compared
where abs(round(task_hours - hard_hours, 2)) > {{ check_parameter('H02', 'assignment_hours_tolerance') }}
    -- who is only booked tentatively is promised to nobody yet
    and (hard_hours > 0 or soft_hours = 0)
