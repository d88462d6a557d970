with recognised as (
    select * from {{ ref('int_revenue_time_and_materials') }}
    union all
    select * from {{ ref('int_revenue_fixed_fee') }}
    union all
    select * from {{ ref('int_revenue_milestone') }}
    union all
    select * from {{ ref('int_revenue_retainer') }}
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
),

reporting as (
    select entities.functional_currency as currency
    from {{ ref('stg_config__firm') }} as firm
    inner join {{ ref('dim_legal_entity') }} as entities
        on firm.reporting_entity = entities.legal_entity_id
),

in_functional as (
    select
        recognised.*,
        projects.legal_entity_id,
        projects.practice_id,
        projects.business_unit_id,
        projects.customer_id,
        projects.currency,
        entities.functional_currency,
        worked.hours,
        {{ round_money(product('recognised.revenue_tc', 'rates.rate'), 'entities.functional_currency') }} as revenue_fc
    from recognised
    inner join {{ ref('dim_project') }} as projects
        on recognised.project_id = projects.project_id
    left join worked
        on recognised.project_id = worked.project_id
        and recognised.month = worked.month
    left join {{ ref('dim_legal_entity') }} as entities
        on projects.legal_entity_id = entities.legal_entity_id
    left join {{ ref('fct_fx_rate') }} as rates
        on projects.currency = rates.from_currency
        and entities.functional_currency = rates.to_currency
        and rates.rate_type = '{{ var("revenue_rate_type") }}'
        {%- if var('revenue_rate_type') == 'spot' %}
        and rates.rate_date = least({{ month_end('recognised.month') }}, {{ as_of_date() }})
        {%- else %}
        and recognised.month = rates.rate_date
        {%- endif %}
)

select
    in_functional.project_id,
    in_functional.month,
    in_functional.recognition_method,
    in_functional.legal_entity_id,
    in_functional.practice_id,
    in_functional.business_unit_id,
    in_functional.customer_id,
    in_functional.currency,
    cast(coalesce(in_functional.hours, 0) as decimal(12, 4)) as hours,
    in_functional.revenue_tc,
    in_functional.revenue_fc,
    {{ round_money(product('in_functional.revenue_fc', 'rates.rate'), 'reporting.currency') }} as revenue_rc
from in_functional
cross join reporting
left join {{ ref('fct_fx_rate') }} as rates
    on in_functional.functional_currency = rates.from_currency
    and reporting.currency = rates.to_currency
    and rates.rate_type = 'average'
    and in_functional.month = rates.rate_date
