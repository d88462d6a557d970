select
    {{ canonical_id('records.accounting_record_id', 'records.instance') }} as project_estimate_id,
    records.instance,
    records.accounting_record_id as source_id,
    {{ canonical_id('records.workspace_id', 'records.instance') }} as project_id,
    case records.record_type
        when 'Baseline' then 'baseline'
        when 'Earned Value' then 'earned_value'
        when 'Forecasting' then 'revenue_forecast'
        when 'Recognition' then 'recognition'
        else 'other'
    end as estimate_type,
    coalesce(records.status_code = 'Approved', false) as is_approved,
    records.start_date as period_start,
    records.end_date as period_end,
    records.currency,
    records.amount as revenue_amount,
    records.budget as budget_amount,
    records.cost as cost_amount,
    records.cost_eac as cost_at_completion,
    records.hours,
    records.hours_etc as hours_to_complete,
    records.hours_eac as hours_at_completion,
    cast({{ ratio('records.percent_complete', 100) }} as decimal(18, 8)) as fraction_complete,
    records.created_at as made_at,
    records.loaded_at
from {{ ref('stg_kantata__project_accounting_records') }} as records
