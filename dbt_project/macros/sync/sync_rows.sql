{#
  The last step of every sync model: rows of `changes` (finding_id, target_instance, target_record_id, field,
  expected_value, new_value, value_type) get the columns all corrections share. A check whose sources could not be read
  proposes nothing. `project_name` is where the name of the project comes from: a project that is still to be created
  brings its own.
#}
{% macro sync_rows(changes, target_system, target_object, operation='update', project_name='findings.project_name') %}
select
    findings.check_id || '|' || changes.target_instance || '.{{ target_object }}|'
    || coalesce(changes.target_record_id, findings.matching_key) as correction_key,
    findings.check_id,
    findings.finding_id,
    '{{ target_system }}' as target_system,
    changes.target_instance,
    '{{ target_object }}' as target_object,
    changes.target_record_id,
    '{{ operation }}' as operation,
    changes.field,
    changes.expected_value,
    changes.new_value,
    changes.value_type,
    findings.title as reason,
    findings.amount_at_risk,
    findings.currency,
    findings.amount_at_risk_rc,
    findings.legal_entity_id,
    findings.business_unit_id,
    findings.customer_id,
    findings.customer_name,
    findings.project_id,
    {{ project_name }},
    '{"check":' || {{ json_text('findings.check_id') }} || ',"finding":' || {{ json_text('findings.finding_id') }}
    || ',"text":' || {{ json_text('findings.explanation') }} || '}' as evidence,
    findings.source_loaded_at
from {{ changes }} as changes
inner join {{ ref('fct_findings') }} as findings
    on changes.finding_id = findings.finding_id
inner join {{ ref('fct_check_run') }} as runs
    on findings.check_id = runs.check_id and runs.is_evaluated
where changes.expected_value is distinct from changes.new_value
{% endmacro %}
