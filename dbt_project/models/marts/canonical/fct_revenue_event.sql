with recognised as (
    select * from {{ ref('int_revenue_time_and_materials') }}
    union all
    select * from {{ ref('int_revenue_fixed_fee') }}
    union all
    select * from {{ ref('int_revenue_milestone') }}
    union all
    select * from {{ ref('int_revenue_retainer') }}
),

reporting as (
    select entities.functional_currency as currency
    from {{ ref('stg_config__firm') }} as firm
    inner join {{ ref('dim_legal_entity') }} as entities
        on firm.reporting_entity = entities.legal_entity_id
),

valued as (
    select
        recognised.*,
        projects.contract_id,
        projects.customer_id,
        projects.legal_entity_id,
        projects.currency,
        entities.functional_currency,
        reporting.currency as reporting_currency,
        to_functional.rate as functional_rate,
        to_reporting.rate as reporting_rate,
        sum(recognised.revenue_tc) over (
            partition by recognised.project_id, recognised.month
            order by recognised.event_date, recognised.event_type, recognised.event_ref
            rows between unbounded preceding and current row
        ) as to_date_tc
    from recognised
    inner join {{ ref('dim_project') }} as projects
        on recognised.project_id = projects.project_id
    cross join reporting
    left join {{ ref('dim_legal_entity') }} as entities
        on projects.legal_entity_id = entities.legal_entity_id
    left join {{ ref('fct_fx_rate') }} as to_functional
        on projects.currency = to_functional.from_currency
        and entities.functional_currency = to_functional.to_currency
        and to_functional.rate_type = '{{ var("revenue_rate_type") }}'
        {%- if var('revenue_rate_type') == 'spot' %}
        and to_functional.rate_date = least({{ month_end('recognised.month') }}, {{ as_of_date() }})
        {%- else %}
        and recognised.month = to_functional.rate_date
        {%- endif %}
    left join {{ ref('fct_fx_rate') }} as to_reporting
        on entities.functional_currency = to_reporting.from_currency
        and reporting.currency = to_reporting.to_currency
        and to_reporting.rate_type = 'average'
        and recognised.month = to_reporting.rate_date
),

in_functional as (
    select
        *,
        {{ round_money(product('to_date_tc', 'functional_rate'), 'functional_currency') }} as to_date_fc
    from valued
),

in_reporting as (
    select
        *,
        {{ round_money(product('to_date_fc', 'reporting_rate'), 'reporting_currency') }} as to_date_rc
    from in_functional
)

-- an event is what it adds to its month, so that what rounding leaves over is in one of them and the month adds up
select
    project_id || ':' || event_type || ':' || event_ref as revenue_event_id,
    project_id,
    contract_id,
    customer_id,
    legal_entity_id,
    month,
    recognition_method,
    event_type,
    event_date,
    source_record_id,
    currency,
    revenue_tc,
    {{ columns_of(
        ['fc', 'rc'],
        'cast(case when revenue_tc is not null then to_date_# - coalesce(lag(to_date_#) over month_so_far, 0) end as decimal(18, 4)) as revenue_#'
    ) }}
from in_reporting
window month_so_far as (partition by project_id, month order by event_date, event_type, event_ref)
