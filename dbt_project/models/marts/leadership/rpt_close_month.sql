-- business days from the end of a closed period to the last journal posted for it, on the company's own calendar; documents
-- change after posting (a payment is applied), journals do not
with posted as (

    select
        legal_entity_id,
        posting_period_start as month,
        max(cast(source_modified_at as date)) as last_posting_on
    from {{ ref('fct_journal_line') }}
    where document_type in ('journal', 'valuation') and source_modified_at <= {{ as_of() }}
    group by legal_entity_id, posting_period_start

)

select
    periods.legal_entity_id,
    periods.period_start as month,
    periods.period_end,
    posted.last_posting_on,
    cast({{ business_days('ends', 'closes') }} as bigint) as close_days
from {{ ref('dim_fiscal_period') }} as periods
inner join {{ ref('dim_legal_entity') }} as entities
    on periods.legal_entity_id = entities.legal_entity_id
inner join posted
    on periods.legal_entity_id = posted.legal_entity_id and periods.period_start = posted.month
left join {{ ref('dim_calendar_day') }} as ends
    on entities.calendar_code = ends.calendar_code and periods.period_end = ends.calendar_date
left join {{ ref('dim_calendar_day') }} as closes
    on entities.calendar_code = closes.calendar_code
    and posted.last_posting_on = closes.calendar_date
    and posted.last_posting_on >= periods.period_end
where periods.is_closed
