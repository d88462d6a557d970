{% set needed = {
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
    'X01': ['erp', 'psa'],
    'X02': ['erp', 'crm'],
    'X03': ['crm', 'psa', 'erp', 'hr'],
} %}
with needed_roles as (

    {% for check_id, roles in needed.items() %}
    {% set last_check = loop.last %}
    {% for role in roles %}
    select '{{ check_id }}' as check_id, '{{ role }}' as system_role
    {{ 'union all' if not (last_check and loop.last) }}
    {% endfor %}
    {% endfor %}

),

sources as (

    select
        needed_roles.check_id,
        instances.complete_until,
        case
            when instances.instance is null then 'no ' || needed_roles.system_role || ' system is configured'
            when instances.stale_reason is not null then instances.instance || ' ' || instances.stale_reason
        end as problem
    from needed_roles
    left join {{ ref('rec_source_instance') }} as instances
        on needed_roles.system_role = instances.system_role

)

select
    check_id,
    min(complete_until) as source_loaded_at,
    count(problem) = 0 as is_fresh,
    {{ listagg('problem', '; ', 'problem') }} as reason
from sources
group by check_id
