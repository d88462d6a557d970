with submissions as (
    select
        submissions.*,
        coalesce(users.resource_id, submissions.instance || ':' || submissions.user_id) as resource_id,
        row_number() over (
            partition by submissions.instance, submissions.user_id, submissions.workspace_id, submissions.start_date
            order by submissions.created_at desc nulls last, length(submissions.submission_id) desc, submissions.submission_id desc
        ) as recency
    from {{ ref('stg_kantata__timesheet_submissions') }} as submissions
    left join {{ ref('int_resource_users') }} as users
        on submissions.instance || ':' || submissions.user_id = users.psa_user_id
),

hours as (
    select
        instance,
        active_submission_id as submission_id,
        sum(hours) as hours
    from {{ ref('stg_kantata__time_entries') }}
    where active_submission_id is not null
    group by instance, active_submission_id
)

select
    submissions.instance || ':' || submissions.submission_id as timesheet_submission_id,
    submissions.instance,
    submissions.submission_id as source_id,
    submissions.resource_id,
    {{ canonical_id('submissions.workspace_id', 'submissions.instance') }} as project_id,
    submissions.start_date as week_start,
    submissions.end_date as week_end,
    lower(submissions.status_code) as status,
    cast(hours.hours as decimal(12, 4)) as hours,
    submissions.created_at as submitted_at,
    case when lower(submissions.status_code) = 'approved' then submissions.source_modified_at end as approved_at,
    submissions.source_modified_at,
    submissions.loaded_at
from submissions
left join hours
    on submissions.instance = hours.instance
    and submissions.submission_id = hours.submission_id
where submissions.recency = 1
