-- both sides of a finding in one line each: values, version and load time of the records compared
with fields as (

    select
        finding_id,
        role,
        field_name || '=' || coalesce(field_value, '') as field_text,
        record_order,
        field_order,
        record_modified_at,
        loaded_at
    from {{ ref('fct_finding_record') }}
    where role in ('truth', 'other')

),

sides as (

    select
        finding_id,
        role,
        {{ listagg('field_text', '; ', 'record_order, field_order, field_text') }} as side_values,
        max(record_modified_at) as modified_at,
        max(loaded_at) as loaded_at
    from fields
    group by finding_id, role

)

select
    finding_id,
    max(case when role = 'truth' then side_values end) as truth_values,
    max(case when role = 'other' then side_values end) as other_values,
    max(case when role = 'truth' then modified_at end) as truth_modified_at,
    max(case when role = 'other' then modified_at end) as other_modified_at,
    max(case when role = 'truth' then loaded_at end) as truth_loaded_at,
    max(case when role = 'other' then loaded_at end) as other_loaded_at
from sides
group by finding_id
