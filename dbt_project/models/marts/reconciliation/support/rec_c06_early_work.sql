{# Time and expenses on the task of a change that was not approved on that day. #}
with booked as (

    select
        project_id,
        task_id,
        work_date as booked_on,
        bill_amount as amount,
        currency,
        is_billable,
        is_approved,
        is_invoiced
    from {{ ref('fct_time_entry') }}
    where hours > 0
    union all
    select
        project_id,
        task_id,
        expense_date as booked_on,
        amount,
        currency,
        is_billable,
        is_approved,
        is_invoiced
    from {{ ref('fct_expense') }}

)

select
    changes.change_request_id,
    min(booked.project_id) as project_id,
    booked.currency,
    count(*) as bookings,
    min(booked.booked_on) as first_booked_on,
    cast(sum(booked.amount) as decimal(18, 4)) as amount,
    max(
        case
            when booked.is_invoiced then 1
            when projects.contract_type = 'time_and_materials' and booked.is_billable and booked.is_approved then 1
            else 0
        end
    ) = 1 as is_billed_or_recognised
from {{ ref('fct_change_request') }} as changes
inner join {{ ref('dim_task') }} as tasks
    on changes.change_request_id = tasks.change_request_id
inner join booked
    on tasks.task_id = booked.task_id
left join {{ ref('dim_project') }} as projects
    on booked.project_id = projects.project_id
where not changes.is_approved or booked.booked_on < changes.approved_on
group by changes.change_request_id, booked.currency
