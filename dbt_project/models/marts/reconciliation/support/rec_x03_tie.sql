{# Every tie of the control totals in one shape: a figure at one stage and the same figure at the next. #}
with hours as (

    select
        projects.legal_entity_id,
        entries.instance,
        sum(case when entries.is_approved and entries.is_billable then entries.time_in_minutes else 0 end) as minutes
    from {{ ref('stg_kantata__time_entries') }} as entries
    inner join {{ ref('dim_project') }} as projects
        on entries.instance || ':' || entries.workspace_id = projects.project_id
    group by projects.legal_entity_id, entries.instance

),

warehouse_hours as (

    select project_legal_entity_id as legal_entity_id, instance, sum(round(hours * 60, 0)) as minutes
    from {{ ref('fct_time_entry') }}
    where is_approved and is_billable
    group by project_legal_entity_id, instance

),

ties as (

    select
        object_type || ' ' || measure as tie,
        instance,
        cast(null as {{ dbt.type_string() }}) as legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        'vendor page' as from_stage,
        page_amount as from_amount,
        'raw' as to_stage,
        landed_amount as to_amount
    from {{ ref('rec_x03_load') }}

    union all

    select
        control as tie,
        instance,
        null as legal_entity_id,
        null as currency,
        'raw' as from_stage,
        cast(landed_amount as decimal(28, 4)) as from_amount,
        'canonical' as to_stage,
        cast(mart_amount as decimal(28, 4)) as to_amount
    from {{ ref('rec_x03_control') }}

    union all

    select
        'approved billable minutes' as tie,
        coalesce(hours.instance, warehouse_hours.instance) as instance,
        coalesce(hours.legal_entity_id, warehouse_hours.legal_entity_id) as legal_entity_id,
        null as currency,
        'delivery system' as from_stage,
        cast(coalesce(hours.minutes, 0) as decimal(28, 4)) as from_amount,
        'canonical' as to_stage,
        cast(coalesce(warehouse_hours.minutes, 0) as decimal(28, 4)) as to_amount
    from hours
    full outer join warehouse_hours
        on hours.instance = warehouse_hours.instance
        and coalesce(hours.legal_entity_id, '') = coalesce(warehouse_hours.legal_entity_id, '')

    union all

    select
        tie,
        null as instance,
        legal_entity_id,
        currency,
        'documents and contracts' as from_stage,
        our_amount as from_amount,
        'general ledger' as to_stage,
        ledger_amount as to_amount
    from {{ ref('rec_x03_books') }}

)

select
    tie || ':' || coalesce(instance, legal_entity_id, '') || case when instance is not null and legal_entity_id is not null then ':' || legal_entity_id else '' end
    || coalesce(':' || currency, '') as tie_id,
    tie,
    instance,
    legal_entity_id,
    currency,
    from_stage,
    cast(from_amount as decimal(28, 4)) as from_amount,
    to_stage,
    cast(to_amount as decimal(28, 4)) as to_amount,
    cast(from_amount - to_amount as decimal(28, 4)) as difference
from ties
