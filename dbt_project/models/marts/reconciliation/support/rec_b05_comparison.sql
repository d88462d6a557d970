-- unpivoted: one row per deal and mirrored field, both values as text
{% set fields = [
    ('open_amount', 'erp_open_amount', 'decimal', 'cast(receivables.open_amount as decimal(18, 2))', 'cast(opportunities.erp_open_amount as decimal(18, 2))',
     'coalesce(opportunities.erp_open_amount, 0) <> receivables.open_amount'),
    ('overdue_bucket', 'erp_overdue_bucket', 'text', 'receivables.overdue_bucket', 'opportunities.erp_overdue_bucket',
     "coalesce(opportunities.erp_overdue_bucket, '') <> coalesce(receivables.overdue_bucket, '')"),
    ('disputed', 'erp_disputed', 'bool', 'receivables.is_disputed', 'opportunities.is_erp_disputed',
     'coalesce(opportunities.is_erp_disputed, false) <> receivables.is_disputed'),
    ('last_payment_date', 'erp_last_payment_date', 'date', 'receivables.last_payment_date', 'opportunities.erp_last_payment_date',
     "coalesce(opportunities.erp_last_payment_date, date '1900-01-01') <> coalesce(receivables.last_payment_date, date '1900-01-01')"),
] %}
{% for field, column, value_type, erp_value, crm_value, difference in fields %}
select
    receivables.opportunity_id,
    opportunities.instance,
    opportunities.source_id,
    '{{ field }}' as field,
    '{{ column }}' as target_column,
    '{{ value_type }}' as value_type,
    {{ as_text(erp_value) }} as erp_value,
    {{ as_text(crm_value) }} as crm_value,
    case when {{ difference }} then true else false end as is_different,
    case
        when {{ add_hours('receivables.changed_at', 'settings.grace_hours') }} <= {{ as_of() }} then true else false
    end as is_past_grace,
    cast(
        {{ 'abs(receivables.open_amount - coalesce(opportunities.erp_open_amount, 0))' if field == 'open_amount' else '0' }}
        as decimal(18, 4)
    ) as amount_at_risk,
    receivables.changed_at
from {{ ref('rec_b05_receivable') }} as receivables
inner join {{ ref('fct_opportunity') }} as opportunities
    on receivables.opportunity_id = opportunities.opportunity_id
cross join (select grace_hours from {{ ref('rec_check_setting') }} where check_id = 'B05') as settings
{{ 'union all' if not loop.last }}
{% endfor %}
