{#
  Invoice to project to contract: who should have issued it; its date: where it should have been posted; its delivery-system
  invoice: what state it should be in. A deal that two companies fulfil has a project in each, so a project's company counts
  before that of the contract.
#}
with credited as (

    select distinct credited_invoice_id as invoice_id
    from {{ ref('fct_invoice') }}
    where credited_invoice_id is not null

),

documents as (

    select
        invoices.*,
        projects.legal_entity_id as project_entity_id,
        contracts.legal_entity_id as contract_entity_id
    from {{ ref('fct_invoice') }} as invoices
    left join {{ ref('dim_project') }} as projects
        on invoices.project_id = projects.project_id
    left join {{ ref('dim_contract') }} as contracts
        on projects.contract_id = contracts.contract_id
    left join credited
        on invoices.invoice_id = credited.invoice_id
    where credited.invoice_id is null

),

posted as (

    select * from documents
    where invoice_status in ('open', 'paid')

),

states as (

    select
        psa_invoices.*,
        documents.invoice_number as erp_number,
        documents.invoice_status,
        documents.net_amount,
        case
            when psa_invoices.is_draft and documents.invoice_status in ('open', 'paid') then 'psa_draft'
            when not psa_invoices.is_draft and documents.invoice_status = 'voided' then 'voided'
            when
                not psa_invoices.is_draft and psa_invoices.invoice_id is null
                and {{ days('psa_invoices.invoice_date', as_of_date()) }} > settings.grace_days then 'not_in_erp'
        end as reason
    from {{ ref('fct_psa_invoice') }} as psa_invoices
    left join documents
        on psa_invoices.invoice_id = documents.invoice_id
    cross join (select grace_days from {{ ref('rec_check_setting') }} where check_id = 'B04') as settings

)

select
    'entity' as reason, 'invoice' as subject_type, invoice_id as subject_id, invoice_number as document_number, customer_id, project_id,
    coalesce(project_entity_id, contract_entity_id) as legal_entity_id, net_amount as amount, currency, invoice_date as document_date,
    cast(null as boolean) as is_same_quarter,
    'Invoice ' || invoice_number || ' was issued by ' || legal_entity_id || '; the project and its contract belong to '
    || coalesce(project_entity_id, contract_entity_id) || '.' as explanation
from posted
where legal_entity_id is distinct from project_entity_id
    and legal_entity_id is distinct from contract_entity_id
    and coalesce(project_entity_id, contract_entity_id) is not null

union all

select
    'period' as reason, 'invoice' as subject_type, posted.invoice_id as subject_id, posted.invoice_number as document_number, posted.customer_id, posted.project_id,
    posted.legal_entity_id, posted.net_amount as amount, posted.currency, posted.invoice_date as document_date,
    coalesce(
        dated.fiscal_year = booked.fiscal_year and floor((dated.fiscal_period - 1) / 3.0) = floor((booked.fiscal_period - 1) / 3.0), false
    ) as is_same_quarter,
    'Invoice ' || posted.invoice_number || ' is dated ' || {{ as_text('posted.invoice_date') }} || ' and posted in the period of '
    || {{ month_text('posted.posting_period_start') }} || '.' as explanation
from posted
left join {{ ref('dim_fiscal_period') }} as dated
    on posted.legal_entity_id = dated.legal_entity_id and dated.period_start = {{ month_start('posted.invoice_date') }}
left join {{ ref('dim_fiscal_period') }} as booked
    on posted.legal_entity_id = booked.legal_entity_id and posted.posting_period_start = booked.period_start
where posted.posting_period_start <> {{ month_start('posted.invoice_date') }}

union all

select
    states.reason, case when states.invoice_id is null then 'project' else 'invoice' end as subject_type,
    coalesce(states.invoice_id, states.psa_invoice_id) as subject_id, states.invoice_number as document_number, projects.customer_id, states.project_id,
    projects.legal_entity_id, states.net_amount as amount, states.currency, states.invoice_date as document_date,
    cast(null as boolean) as is_same_quarter,
    'Invoice ' || coalesce(states.invoice_number, states.source_id) || ' of the delivery system '
    || case states.reason
        when 'psa_draft' then 'is a draft there, but posted in the ERP as ' || states.erp_number || '.'
        when 'voided' then 'stands there, but the ERP voided ' || states.erp_number || '.'
        else 'has no document in the ERP.'
    end as explanation
from states
left join {{ ref('dim_project') }} as projects
    on states.project_id = projects.project_id
where states.reason is not null
