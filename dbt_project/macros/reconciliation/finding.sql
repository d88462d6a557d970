{#
  The last step of every check: the rows of `broken` get the columns all findings share. `broken` brings matching_key,
  period, severity, title, explanation, subject_type, subject_id, subject_name, customer_id, project_id,
  legal_entity_id, business_unit_id, practice_id, amount_at_risk, currency, is_amount_estimated, is_primary_cause
  and occurred_on. Owner and truth come from the settings, unless a check names the truth by finding; a disabled check gives
  no rows.
#}
{% macro finding_rows(check_id, broken, rule_version='1', truth_system='settings.truth_system') %}
select
    {{ md5_key(["'" ~ check_id ~ "'", "broken.matching_key", "broken.period"]) }} as finding_id,
    '{{ check_id }}' as check_id,
    '{{ rule_version }}' as rule_version,
    broken.matching_key,
    broken.period,
    broken.severity,
    broken.title,
    broken.explanation,
    broken.subject_type,
    broken.subject_id,
    broken.subject_name,
    broken.customer_id,
    customers.customer_name,
    broken.project_id,
    projects.project_name,
    broken.legal_entity_id,
    broken.business_unit_id,
    broken.practice_id,
    settings.owner_role,
    {{ truth_system }} as truth_system,
    {{ round_money('broken.amount_at_risk', 'broken.currency') }} as amount_at_risk,
    broken.currency,
    {{ round_money(converted('broken.amount_at_risk', 'functional_rate.rate'), 'entities.functional_currency') }} as amount_at_risk_fc,
    entities.functional_currency,
    {{ round_money(converted('broken.amount_at_risk', 'reporting_rate.rate'), 'settings.reporting_currency') }} as amount_at_risk_rc,
    settings.reporting_currency,
    broken.is_amount_estimated,
    broken.is_primary_cause,
    {{ as_of() }} as detected_as_of,
    broken.occurred_on,
    cast({{ days('broken.occurred_on', as_of_date()) }} as bigint) as age_days,
    freshness.source_loaded_at
from {{ broken }} as broken
inner join {{ ref('rec_check_setting') }} as settings
    on settings.check_id = '{{ check_id }}' and settings.is_enabled
left join {{ ref('rec_check_freshness') }} as freshness
    on settings.check_id = freshness.check_id
left join {{ ref('dim_customer') }} as customers
    on broken.customer_id = customers.customer_id
left join {{ ref('dim_project') }} as projects
    on broken.project_id = projects.project_id
left join {{ ref('dim_legal_entity') }} as entities
    on broken.legal_entity_id = entities.legal_entity_id
left join {{ ref('rec_fx_rate') }} as functional_rate
    on broken.currency = functional_rate.from_currency and entities.functional_currency = functional_rate.to_currency
left join {{ ref('rec_fx_rate') }} as reporting_rate
    on broken.currency = reporting_rate.from_currency and settings.reporting_currency = reporting_rate.to_currency
{% endmacro %}
