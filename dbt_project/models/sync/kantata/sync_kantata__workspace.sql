-- a draft goes to the instance in which the deal's business unit keeps its projects
with homes as (

    select
        business_unit_id,
        instance,
        row_number() over (partition by business_unit_id order by count(*) desc, instance) as preference
    from {{ ref('dim_project') }}
    group by business_unit_id, instance

),

clients as (

    select
        customer_id,
        instance,
        min(record_id) as workspace_group_id
    from {{ ref('dim_customer_account') }}
    where system = 'kantata'
    group by customer_id, instance

),

drafts as (

    select
        findings.finding_id,
        homes.instance as target_instance,
        opportunities.opportunity_name as title,
        cast(opportunities.services_amount as decimal(18, 2)) as price,
        opportunities.currency,
        opportunities.start_date,
        opportunities.end_date as due_date,
        'estimate' as stage,
        clients.workspace_group_id as primary_workspace_group_id,
        opportunities.source_id as crm_opportunity_ref,
        entity_codes.vendor_value as legal_entity_code,
        practice_codes.vendor_value as practice_code,
        unit_codes.vendor_value as business_unit_code,
        contract_codes.vendor_value as contract_type_code
    from {{ ref('fct_findings') }} as findings
    inner join {{ ref('fct_opportunity') }} as opportunities
        on findings.subject_type = 'opportunity' and findings.subject_id = opportunities.opportunity_id
    inner join homes
        on opportunities.business_unit_id = homes.business_unit_id and homes.preference = 1
    left join clients
        on opportunities.customer_id = clients.customer_id and homes.instance = clients.instance
    {% for alias, field, column in [
        ('entity_codes', 'legal_entity', 'legal_entity_id'), ('practice_codes', 'practice', 'practice_id'),
        ('unit_codes', 'business_unit', 'business_unit_id'), ('contract_codes', 'contract_type', 'contract_type'),
    ] %}
    left join {{ ref('rec_vendor_code') }} as {{ alias }}
        on homes.instance = {{ alias }}.instance
        and {{ alias }}.field = '{{ field }}'
        and opportunities.{{ column }} = {{ alias }}.canonical_value
    {% endfor %}
    where findings.check_id = 'C01'

),

changes as (

    {% for field, value_type in [
        ('title', 'text'), ('price', 'decimal'), ('currency', 'text'), ('start_date', 'date'), ('due_date', 'date'), ('stage', 'text'),
        ('primary_workspace_group_id', 'text'), ('crm_opportunity_ref', 'text'), ('legal_entity_code', 'text'),
        ('practice_code', 'text'), ('business_unit_code', 'text'), ('contract_type_code', 'text'),
    ] %}
    select
        finding_id,
        target_instance,
        cast(null as {{ dbt.type_string() }}) as target_record_id,
        '{{ field }}' as field,
        cast(null as {{ dbt.type_string() }}) as expected_value,
        {{ as_text(field) }} as new_value,
        '{{ value_type }}' as value_type,
        title as project_name
    from drafts
    where {{ field }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

{{ sync_rows('changes', 'kantata', 'workspace', operation='create', project_name='changes.project_name') }}
