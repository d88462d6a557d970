{# Check -> roles of the systems it reads: stale ones leave it not evaluated, figures of theirs that do not tie hold it back. #}
{% macro check_sources() %}
{{ return({
    'C01': ['crm', 'psa'],
    'C02': ['crm', 'psa', 'erp'],
    'C03': ['crm', 'psa', 'erp'],
    'C04': ['crm', 'erp'],
    'C05': ['crm', 'psa', 'erp'],
    'C06': ['crm', 'psa', 'erp'],
    'T01': ['psa', 'crm', 'erp'],
    'T03': ['psa'],
    'R01': ['psa', 'crm'],
    'T02': ['psa', 'erp'],
    'R02': ['psa', 'crm', 'erp'],
    'T04': ['psa', 'hr', 'crm'],
    'R03': ['hr', 'psa'],
    'B01': ['psa', 'erp'],
    'B02': ['psa', 'erp', 'crm'],
    'B03': ['psa', 'erp'],
    'B04': ['psa', 'erp', 'crm'],
    'B05': ['crm', 'erp'],
    'H01': ['hr', 'psa'],
    'H02': ['hr', 'psa'],
    'X01': ['erp', 'psa'],
    'X02': ['erp', 'crm'],
    'X03': ['crm', 'psa', 'erp', 'hr'],
}) }}
{% endmacro %}

{# The same as rows of (check_id, system_role). #}
{% macro check_source_rows() %}
    {% for check_id, roles in check_sources().items() %}
    {% set last_check = loop.last %}
    {% for role in roles %}
    select '{{ check_id }}' as check_id, '{{ role }}' as system_role
    {{ 'union all' if not (last_check and loop.last) }}
    {% endfor %}
    {% endfor %}
{% endmacro %}
