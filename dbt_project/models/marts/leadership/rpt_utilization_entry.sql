with entries as (

    select
        entries.*,
        {{ month_start('entries.work_date') }} as month
    from {{ ref('fct_time_entry') }} as entries

)

select
    entries.time_entry_id,
    entries.resource_id,
    resources.full_name,
    projects.project_name,
    customers.customer_name,
    entries.work_date,
    entries.month,
    entries.hours,
    entries.is_billable,
    entries.is_productive,
    entries.is_approved,
    entries.practice_id,
    entries.business_unit_id,
    entries.employing_legal_entity_id as legal_entity_id,
    entries.instance as source_instance,
    entries.source_id as source_record_id
from entries
inner join {{ ref('dim_resource') }} as resources
    on entries.resource_id = resources.resource_id and not resources.is_contractor
left join {{ ref('dim_project') }} as projects
    on entries.project_id = projects.project_id
left join {{ ref('dim_customer') }} as customers
    on projects.customer_id = customers.customer_id
