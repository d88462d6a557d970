{%- set coded = [
    ('salesforce', 'account', 'stg_salesforce__accounts', 'account_id', 'business_unit', 'business_unit_code', none),
    ('salesforce', 'opportunity', 'stg_salesforce__opportunities', 'opportunity_id', 'legal_entity', 'legal_entity_code', none),
    ('salesforce', 'opportunity', 'stg_salesforce__opportunities', 'opportunity_id', 'practice', 'practice_code', none),
    ('salesforce', 'opportunity', 'stg_salesforce__opportunities', 'opportunity_id', 'business_unit', 'business_unit_code', none),
    ('salesforce', 'opportunity', 'stg_salesforce__opportunities', 'opportunity_id', 'contract_type', 'contract_type_code', none),
    ('salesforce', 'contract', 'stg_salesforce__contracts', 'contract_id', 'legal_entity', 'legal_entity_code', none),
    ('salesforce', 'contract', 'stg_salesforce__contracts', 'contract_id', 'contract_type', 'contract_type_code', none),
    ('kantata', 'workspace', 'stg_kantata__workspaces', 'workspace_id', 'legal_entity', 'legal_entity_code', none),
    ('kantata', 'workspace', 'stg_kantata__workspaces', 'workspace_id', 'practice', 'practice_code', none),
    ('kantata', 'workspace', 'stg_kantata__workspaces', 'workspace_id', 'business_unit', 'business_unit_code', none),
    ('kantata', 'workspace', 'stg_kantata__workspaces', 'workspace_id', 'contract_type', 'contract_type_code', none),
    ('kantata', 'workspace', 'stg_kantata__workspaces', 'workspace_id', 'project_status', 'status_key', none),
    ('netsuite', 'transaction', 'stg_netsuite__transactions', 'transaction_id', 'invoice_status', 'status_code', "transaction_type in ('CustInvc', 'CustCred')"),
    ('salesforce', 'change_request', 'stg_salesforce__change_requests', 'change_request_id', 'change_status', 'status_code', none),
    ('netsuite', 'item', 'stg_netsuite__items', 'item_id', 'service', 'item_code', none),
    ('netsuite', 'charge', 'stg_netsuite__charges', 'charge_id', 'charge_stage', 'stage_code', none),
    ('bamboohr', 'employee', 'stg_bamboohr__employees', 'employee_id', 'legal_entity', 'location_code', none),
    ('bamboohr', 'employee', 'stg_bamboohr__employees', 'employee_id', 'practice', 'department_code', none),
    ('bamboohr', 'employee', 'stg_bamboohr__employees', 'employee_id', 'business_unit', 'division_code', none),
    ('bamboohr', 'job_info', 'stg_bamboohr__job_info', 'job_info_id', 'legal_entity', 'location_code', none),
    ('bamboohr', 'job_info', 'stg_bamboohr__job_info', 'job_info_id', 'practice', 'department_code', none),
    ('bamboohr', 'job_info', 'stg_bamboohr__job_info', 'job_info_id', 'business_unit', 'division_code', none)
] -%}
with codes as (
    {% for system, object_type, model, key, field, code, condition in coded %}
    select
        instance,
        '{{ system }}' as system,
        '{{ object_type }}' as object_type,
        '{{ field }}' as field,
        {{ code }} as vendor_value,
        {{ key }} as record_id
    from {{ ref(model) }}
    where {{ code }} is not null{% if condition %} and {{ condition }}{% endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    codes.instance,
    codes.system,
    codes.object_type,
    codes.field,
    codes.vendor_value,
    count(*) as record_count,
    min(codes.record_id) as example_record_id,
    'add a row for ' || codes.field || ' ' || codes.vendor_value || ' of ' || codes.instance
    || ' to config/value_maps.csv, or correct the code on the ' || codes.object_type || ' at the vendor' as what_to_do
from codes
left join {{ ref('int_value_map') }} as maps
    on codes.instance = maps.instance
    and codes.field = maps.field
    and codes.vendor_value = maps.vendor_value
where maps.canonical_value is null
group by codes.instance, codes.system, codes.object_type, codes.field, codes.vendor_value
