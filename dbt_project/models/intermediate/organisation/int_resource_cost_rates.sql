with pay as (
    select
        instance || ':' || employee_id as resource_id,
        effective_date,
        pay_rate,
        currency,
        lower(paid_per_code) as paid_per,
        lower(coalesce(pay_type_code, '')) like 'contract%' as is_contract,
        loaded_at,
        row_number() over (partition by instance, employee_id, effective_date order by length(compensation_id) desc, compensation_id desc) as preference
    from {{ ref('stg_bamboohr__compensation') }}
),

spans as (
    select
        pay.*,
        {{ add_days('lead(effective_date) over (partition by resource_id order by effective_date)', -1) }} as last_date
    from pay
    where preference = 1
),

weeks as (
    select resource_id, valid_from, valid_to, sum(hours) as week_hours
    from {{ ref('int_work_patterns') }}
    group by resource_id, valid_from, valid_to
),

-- a rate begins with the pay, and again where the week, the company or finance's basis changes under it
changes as (
    select resource_id, valid_from from weeks
    union
    select resource_id, valid_from from {{ ref('dim_resource_team') }}
    union
    select spans.resource_id, basis.valid_from
    from spans
    left join {{ ref('dim_resource_team') }} as teams
        on spans.resource_id = teams.resource_id
    inner join {{ ref('stg_config__cost_basis') }} as basis
        on basis.legal_entity_id = '*' or basis.legal_entity_id = teams.legal_entity_id
),

begins as (
    select spans.*, spans.effective_date as valid_from
    from spans
    union
    select spans.*, changes.valid_from
    from spans
    inner join changes
        on spans.resource_id = changes.resource_id
        and changes.valid_from > spans.effective_date
        and changes.valid_from <= {{ open_end('spans.last_date') }}
),

based as (
    select
        begins.*,
        weeks.week_hours,
        basis.hours_per_year,
        basis.full_time_week_hours,
        case when begins.is_contract then basis.contract_loading_factor else basis.loading_factor end as loading,
        row_number() over (
            partition by begins.resource_id, begins.valid_from
            order by case when basis.legal_entity_id = '*' then 1 else 0 end, basis.valid_from desc
        ) as preference_of_basis
    from begins
    left join weeks
        on begins.resource_id = weeks.resource_id
        and begins.valid_from >= weeks.valid_from
        and begins.valid_from <= {{ open_end('weeks.valid_to') }}
    left join {{ ref('dim_resource_team') }} as teams
        on begins.resource_id = teams.resource_id
        and begins.valid_from >= teams.valid_from
        and begins.valid_from <= {{ open_end('teams.valid_to') }}
    left join {{ ref('stg_config__cost_basis') }} as basis
        on begins.valid_from >= basis.valid_from
        and (basis.legal_entity_id = teams.legal_entity_id or basis.legal_entity_id = '*')
),

derived as (
    select
        resource_id,
        valid_from,
        currency,
        case
            when paid_per = 'hour' then {{ product('pay_rate', 'loading') }}
            when paid_per in ('year', 'month', 'week') then {{ ratio(
                product('pay_rate', "(loading * full_time_week_hours * case paid_per when 'month' then 12 when 'week' then 52 else 1 end)"),
                'hours_per_year * week_hours'
            ) }}
        end as hourly_cost,
        effective_date,
        case
            when paid_per = 'hour' then 'pay per hour x ' || {{ as_text('cast(loading as decimal(10, 4))') }}
            else 'pay per ' || paid_per || ' x ' || {{ as_text('cast(loading as decimal(10, 4))') }} || ' / ' || {{ as_text('cast(hours_per_year as decimal(12, 2))') }}
                || ' h, at ' || {{ as_text('cast(week_hours as decimal(6, 2))') }} || ' of ' || {{ as_text('cast(full_time_week_hours as decimal(6, 2))') }} || ' h a week'
        end as basis,
        loaded_at
    from based
    where preference_of_basis = 1
)

select
    resource_id,
    currency,
    valid_from,
    {{ add_days('lead(valid_from) over (partition by resource_id order by valid_from)', -1) }} as valid_to,
    cast(round(hourly_cost, 2) as decimal(18, 8)) as cost_rate,
    basis,
    effective_date as set_on,
    loaded_at
from derived
