-- Revenue of closed months against the forecast as it stood when the month began: later versions of a forecast and those made
-- with hindsight do not count. What came without a forecast stays out of the mean of percentages, which has no answer to it.
with frozen as (

    select
        project_id,
        period_start as month,
        currency,
        revenue_amount,
        made_at,
        row_number() over (partition by project_id, period_start order by made_at desc, project_estimate_id desc) as recency
    from {{ ref('fct_project_estimate') }}
    where estimate_type = 'revenue_forecast'
        and is_approved
        -- written on the first working days of the month at the latest
        and cast(made_at as date) <= {{ add_days('period_start', var('forecast_grace_days')) }}

),

forecast as (

    select
        frozen.project_id,
        frozen.month,
        frozen.made_at,
        {{ round_money(product('frozen.revenue_amount', 'rates.rate'), 'firm.reporting_currency') }} as forecast_rc
    from frozen
    cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
    left join {{ ref('fct_fx_rate') }} as rates
        on frozen.currency = rates.from_currency
        and firm.reporting_currency = rates.to_currency
        and frozen.month = rates.rate_date
        and rates.rate_type = 'average'
    where frozen.recency = 1

),

compared as (

    select
        coalesce(forecast.project_id, revenue.project_id) as project_id,
        coalesce(forecast.month, revenue.month) as month,
        forecast.made_at,
        coalesce(forecast.forecast_rc, 0) as forecast_rc,
        coalesce(revenue.revenue_rc, 0) as actual_rc
    from forecast
    full outer join (select * from {{ ref('fct_revenue_month') }} where revenue_rc is not null) as revenue
        on forecast.project_id = revenue.project_id and forecast.month = revenue.month

)

select
    compared.project_id,
    projects.customer_id,
    projects.legal_entity_id,
    projects.practice_id,
    projects.business_unit_id,
    compared.month,
    compared.made_at as forecast_made_at,
    cast(compared.forecast_rc as decimal(18, 4)) as forecast_rc,
    cast(compared.actual_rc as decimal(18, 4)) as actual_rc,
    cast(abs(compared.actual_rc - compared.forecast_rc) as decimal(18, 4)) as absolute_error_rc,
    cast({{ ratio('abs(compared.actual_rc - compared.forecast_rc)', 'compared.forecast_rc') }} as decimal(18, 8)) as relative_error
from compared
inner join {{ ref('dim_project') }} as projects
    on compared.project_id = projects.project_id
where {{ month_end('compared.month') }} < {{ as_of_date() }}
