-- unpivoted: one row per deal and mirrored field, both values as text for machines and as half a sentence for people
{% set bucket_clause %}
        case {0}
            when 'current' then 'no open invoice is overdue'
            when '90+' then 'the oldest open invoice is more than 90 days overdue'
            else coalesce('the oldest open invoice is ' || {0} || ' days overdue', 'no invoice is open')
        end
{% endset %}
{% set fields = [
    ('open_amount', 'an outdated open amount', 'erp_open_amount', 'decimal', 'cast(receivables.open_amount as decimal(18, 2))', 'cast(opportunities.erp_open_amount as decimal(18, 2))',
     'coalesce(opportunities.erp_open_amount, 0) <> receivables.open_amount',
     "case when {0} is null then 'no amount is open' else " ~ money_text('{0}', 'receivables.currency') ~ " || ' is open' end"),
    ('overdue_bucket', 'an outdated overdue bucket', 'erp_overdue_bucket', 'text', 'receivables.overdue_bucket', 'opportunities.erp_overdue_bucket',
     "coalesce(opportunities.erp_overdue_bucket, '') <> coalesce(receivables.overdue_bucket, '')", bucket_clause),
    ('disputed', 'an outdated dispute flag', 'erp_disputed', 'bool', 'receivables.is_disputed', 'opportunities.is_erp_disputed',
     'coalesce(opportunities.is_erp_disputed, false) <> receivables.is_disputed',
     "case when {0} then 'an open invoice is disputed' else 'no open invoice is disputed' end"),
    ('last_payment_date', 'an outdated last payment date', 'erp_last_payment_date', 'date', 'receivables.last_payment_date', 'opportunities.erp_last_payment_date',
     "coalesce(opportunities.erp_last_payment_date, date '1900-01-01') <> coalesce(receivables.last_payment_date, date '1900-01-01')",
     "coalesce('the last payment came on ' || " ~ as_text('{0}') ~ ", 'no payment has come')"),
] %}
{% for field, shown_field, column, value_type, erp_value, crm_value, difference, clause in fields %}
select
    receivables.opportunity_id,
    opportunities.instance,
    opportunities.source_id,
    '{{ field }}' as field,
    '{{ shown_field }}' as shown_field,
    '{{ column }}' as target_column,
    '{{ value_type }}' as value_type,
    {{ as_text(erp_value) }} as erp_value,
    {{ as_text(crm_value) }} as crm_value,
    {{ clause.replace('{0}', crm_value) }} as crm_clause,
    {{ clause.replace('{0}', erp_value) }} as erp_clause,
    case when {{ difference }} then true else false end as is_different,
    case
        when {{ add_hours('receivables.changed_at', 'settings.grace_hours') }} <= {{ as_of() }} then true else false
    end as is_past_grace,
    {% if field == 'open_amount' %}
    cast(receivables.open_amount - coalesce(opportunities.erp_open_amount, 0) as decimal(18, 4)) as difference,
    {% else %}
    cast(null as decimal(18, 4)) as difference,
    {% endif %}
    receivables.changed_at
from {{ ref('rec_b05_receivable') }} as receivables
inner join {{ ref('fct_opportunity') }} as opportunities
    on receivables.opportunity_id = opportunities.opportunity_id
cross join (select grace_hours from {{ ref('rec_check_setting') }} where check_id = 'B05') as settings
{{ 'union all' if not loop.last }}
{% endfor %}
