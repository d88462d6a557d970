-- What keeping the systems in agreement saves: days from a won deal to a project that takes time, corrections nobody had to key
-- in, and reads of a system that failed
with setups as (

    select
        opportunities.legal_entity_id,
        opportunities.practice_id,
        opportunities.business_unit_id,
        {{ month_start('opportunities.close_date') }} as month,
        sum({{ days('opportunities.close_date', 'projects.opened_at') }}) as setup_days,
        count(*) as setups
    from {{ ref('fct_opportunity') }} as opportunities
    inner join (
        select opportunity_id, min(opened_at) as opened_at
        from {{ ref('dim_project') }}
        where opportunity_id is not null
        group by opportunity_id
    ) as projects
        on opportunities.opportunity_id = projects.opportunity_id
    where opportunities.is_won and opportunities.close_date <= cast(projects.opened_at as date)
    group by
        opportunities.legal_entity_id, opportunities.practice_id, opportunities.business_unit_id,
        {{ month_start('opportunities.close_date') }}

),

corrections as (

    select
        {{ month_start('verified_at') }} as month,
        count(*) as corrections,
        sum(case when mode = 'automatic' then 1 else 0 end) as automatic_corrections
    from {{ source('raw_ledger', 'correction') }}
    where state = 'verified' and verified_at <= {{ as_of() }}
    group by {{ month_start('verified_at') }}

),

reads as (

    select
        {{ month_start('started_at') }} as month,
        count(*) as source_reads,
        sum(case when status = 'failed' then 1 else 0 end) as failed_reads
    from {{ source('raw_landing', 'sync_run') }}
    where started_at <= {{ as_of() }}
    group by {{ month_start('started_at') }}

),

facts as (

    select legal_entity_id, practice_id, business_unit_id, month, setup_days, setups, 0 as corrections, 0 as automatic_corrections, 0 as source_reads, 0 as failed_reads
    from setups
    union all
    select null as legal_entity_id, null as practice_id, null as business_unit_id, month, 0 as setup_days, 0 as setups, corrections, automatic_corrections, 0 as source_reads, 0 as failed_reads
    from corrections
    union all
    select null as legal_entity_id, null as practice_id, null as business_unit_id, month, 0 as setup_days, 0 as setups, 0 as corrections, 0 as automatic_corrections, source_reads, failed_reads
    from reads

)

select
    month,
    legal_entity_id,
    practice_id,
    business_unit_id,
    cast(sum(setup_days) as bigint) as setup_days,
    cast(sum(setups) as bigint) as setups,
    cast(sum(corrections) as bigint) as corrections,
    cast(sum(automatic_corrections) as bigint) as automatic_corrections,
    cast(sum(source_reads) as bigint) as source_reads,
    cast(sum(failed_reads) as bigint) as failed_reads
from facts
group by month, legal_entity_id, practice_id, business_unit_id
