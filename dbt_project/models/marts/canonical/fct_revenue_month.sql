with recognised as (
    select
        project_id,
        month,
        recognition_method,
        currency,
        {{ sum_if_known('revenue_tc') }} as revenue_tc,
        {{ sum_if_known('revenue_fc') }} as revenue_fc,
        {{ sum_if_known('revenue_rc') }} as revenue_rc
    from {{ ref('fct_revenue_event') }}
    group by project_id, month, recognition_method, currency
),

worked as (
    select
        project_id,
        {{ month_start('work_date') }} as month,
        sum(hours) as hours
    from {{ ref('fct_time_entry') }}
    where is_approved
        and work_date <= {{ as_of_date() }}
    group by project_id, {{ month_start('work_date') }}
)

select
    recognised.project_id,
    recognised.month,
    recognised.recognition_method,
    projects.legal_entity_id,
    projects.practice_id,
    projects.business_unit_id,
    projects.customer_id,
    recognised.currency,
    cast(coalesce(worked.hours, 0) as decimal(12, 4)) as hours,
    cast(recognised.revenue_tc as decimal(18, 4)) as revenue_tc,
    cast(recognised.revenue_fc as decimal(18, 4)) as revenue_fc,
    cast(recognised.revenue_rc as decimal(18, 4)) as revenue_rc
from recognised
inner join {{ ref('dim_project') }} as projects
    on recognised.project_id = projects.project_id
left join worked
    on recognised.project_id = worked.project_id
    and recognised.month = worked.month
