-- The events of a project, month and method add up to fct_revenue_month to the cent, in each of the three currencies.
with events as (
    select
        project_id,
        month,
        recognition_method,
        {{ columns_of(['revenue_tc', 'revenue_fc', 'revenue_rc'], 'case when count(#) = count(*) then sum(#) end as #') }}
    from {{ ref('fct_revenue_event') }}
    group by project_id, month, recognition_method
)

select
    coalesce(events.project_id, months.project_id) as project_id,
    coalesce(events.month, months.month) as month,
    events.revenue_tc as events_tc,
    months.revenue_tc as month_tc
from events
full outer join {{ ref('fct_revenue_month') }} as months
    on events.project_id = months.project_id
    and events.month = months.month
    and events.recognition_method = months.recognition_method
where events.project_id is null
    or months.project_id is null
    or events.revenue_tc is distinct from months.revenue_tc
    or events.revenue_fc is distinct from months.revenue_fc
    or events.revenue_rc is distinct from months.revenue_rc
