{% set undated = 'cast(null as ' ~ type_moment() ~ ')' %}
{% set its_project = 'inner join ' ~ ref('dim_project') ~ ' as projects on records.project_id = projects.project_id' %}
{% set its_role = 'left join ' ~ ref('dim_role') ~ ' as roles on records.role_id = roles.role_id' %}
with fields as (

    {{ record_fields('opportunity', 'fct_opportunity', 'opportunity_id', "'opportunity'", [
        ('name', 'records.opportunity_name'), ('stage', 'records.stage_name'), ('close_date', 'records.close_date'),
        ('services_amount', 'cast(records.services_amount as decimal(18, 2))'), ('currency', 'records.currency'),
        ('open_amount', 'cast(records.erp_open_amount as decimal(18, 2))'), ('overdue_bucket', 'records.erp_overdue_bucket'),
        ('disputed', 'records.is_erp_disputed'), ('last_payment_date', 'records.erp_last_payment_date'),
    ], {'label': 'records.opportunity_name'}) }}
    union all
    {{ record_fields('receivable', 'rec_b05_receivable', 'opportunity_id', "'transaction'", [
        ('open_amount', 'cast(records.open_amount as decimal(18, 2))'), ('overdue_bucket', 'records.overdue_bucket'),
        ('disputed', 'records.is_disputed'), ('last_payment_date', 'records.last_payment_date'), ('currency', 'records.currency'),
    ], {'instance': 'records.erp_instance', 'record_id': 'records.invoice_ids', 'label': "'Invoices of the deal'", 'modified': 'records.changed_at'}) }}
    union all
    {{ record_fields('invoice', 'fct_invoice', 'invoice_id', "'transaction'", [
        ('number', 'records.invoice_number'), ('status', 'records.invoice_status'), ('invoice_date', 'records.invoice_date'),
        ('due_date', 'records.due_date'), ('net_amount', 'cast(records.net_amount as decimal(18, 2))'), ('open_amount', 'cast(records.open_amount as decimal(18, 2))'),
        ('disputed', 'records.is_disputed'), ('currency', 'records.currency'),
    ], {'label': 'records.invoice_number'}) }}
    union all
    {{ record_fields('psa_invoice', 'rec_b03_psa_invoice', 'invoice_id', "'invoice'", [
        ('number', 'records.invoice_number'), ('status', 'records.status_code'), ('invoice_date', 'records.invoice_date'),
        ('draft', 'records.is_draft'), ('net_amount', 'cast(records.expected_amount as decimal(18, 2))'), ('currency', 'records.currency'),
    ], {'label': 'records.invoice_number'}) }}
    union all
    {{ record_fields('project', 'dim_project', 'project_id', "'workspace'", [
        ('name', 'records.project_name'), ('status', 'records.project_status'), ('contract_type', 'records.contract_type'),
        ('open_from', 'records.open_from'), ('open_to', 'records.open_to'), ('rate_card', 'records.rate_card_id'),
        ('budget_amount', 'cast(records.budget_amount as decimal(18, 2))'), ('currency', 'records.currency'),
    ], {'label': 'records.project_name'}) }}
    union all
    {{ record_fields('milestone', 'fct_milestone', 'milestone_id', "'story'", [
        ('title', 'records.milestone_title'), ('accepted_on', 'records.accepted_on'), ('due_date', 'records.due_date'),
        ('amount', 'cast(records.amount as decimal(18, 2))'), ('currency', 'records.currency'), ('complete', 'records.is_complete'),
    ], {'label': 'records.milestone_title'}) }}
    union all
    {{ record_fields('schedule_line', 'rec_b01_schedule_line', 'milestone_id', "'charge'", [
        ('stage', 'records.erp_schedule_stage'), ('amount', 'cast(records.erp_schedule_amount as decimal(18, 2))'), ('currency', 'records.currency'),
    ], {'instance': 'records.erp_instance', 'record_id': 'records.erp_schedule_line_id', 'label': "'Billing schedule line'",
        'modified': 'records.erp_schedule_modified_at', 'loaded': 'records.erp_schedule_loaded_at'}) }}
    union all
    {{ record_fields('time_entry', 'fct_time_entry', 'time_entry_id', "'time_entry'", [
        ('work_date', 'records.work_date'), ('hours', 'cast(records.hours as decimal(18, 2))'), ('role', 'coalesce(roles.role_name, records.role_id)'),
        ('bill_rate', 'cast(records.bill_rate as decimal(18, 2))'), ('approved', 'records.is_approved'),
        ('billable', 'records.is_billable'), ('invoiced', 'records.is_invoiced'),
    ], {'label': "'Time entry of ' || " ~ as_text('records.work_date'),
        'join': its_role}) }}
    union all
    {{ record_fields('expense', 'fct_expense', 'expense_id', "'expense'", [
        ('expense_date', 'records.expense_date'), ('category', 'records.category'), ('amount', 'cast(records.amount as decimal(18, 2))'),
        ('currency', 'records.currency'), ('approved', 'records.is_approved'), ('billable', 'records.is_billable'),
    ], {'label': "'Expense of ' || " ~ as_text('records.expense_date')}) }}
    union all
    {{ record_fields('customer_account', 'dim_customer_account', 'customer_account_id', 'records.object_type', [
        ('legal_name', 'records.legal_name'), ('billing_address', 'records.billing_address'), ('payment_terms', 'records.payment_terms_days'),
        ('tax_id', 'records.tax_id'), ('currency', 'records.currency'), ('credit_hold', 'records.is_on_credit_hold'),
        ('inactive', 'records.is_inactive'),
    ], {'label': 'records.record_name', 'record_id': 'records.record_id'}) }}
    union all
    {{ record_fields('person', 'dim_resource', 'resource_id', "'employee'", [
        ('name', 'records.full_name'), ('status', 'records.employment_status'), ('last_day', 'records.termination_date'),
    ], {'instance': 'records.hr_instance', 'record_id': 'records.hr_employee_id', 'label': 'records.full_name'}) }}
    union all
    {{ record_fields('psa_user', 'dim_resource', 'resource_id', "'user'", [
        ('name', 'records.full_name'), ('disabled', 'records.is_psa_disabled'),
    ], {'instance': 'records.psa_instance', 'record_id': 'records.psa_user_id', 'label': 'records.full_name',
        'modified': 'records.psa_disabled_at', 'loaded': 'records.psa_loaded_at'}) }}
    union all
    {{ record_fields('assignment', 'fct_assignment', 'assignment_id', "'workspace_allocation'", [
        ('start_date', 'records.start_date'), ('end_date', 'records.end_date'), ('hours', 'cast(records.allocated_hours as decimal(18, 2))'),
        ('hard', 'records.is_hard'),
    ], {'label': "'Allocation until ' || " ~ as_text('records.end_date')}) }}
    union all
    {{ record_fields('task_assignment', 'fct_task_assignment', 'task_assignment_id', "'assignment'", [
        ('task', 'tasks.task_name'), ('hours', 'cast(records.allocated_hours as decimal(18, 2))'),
    ], {'label': 'tasks.task_name', 'join': 'inner join ' ~ ref('dim_task') ~ ' as tasks on records.task_id = tasks.task_id'}) }}
    union all
    {{ record_fields('contract', 'dim_contract', 'contract_id', "'contract'", [
        ('number', 'records.contract_number'), ('signed_value', 'cast(records.original_value as decimal(18, 2))'),
        ('approved_changes', 'cast(records.approved_change_amount as decimal(18, 2))'), ('current_value', 'cast(records.current_value as decimal(18, 2))'),
        ('contract_type', 'records.contract_type'), ('currency', 'records.currency'),
    ], {'label': 'records.contract_number'}) }}
    union all
    {{ record_fields('billing_line', 'fct_billing_schedule_line', 'billing_schedule_line_id', "'charge'", [
        ('planned_date', 'records.planned_date'), ('amount', 'cast(records.amount as decimal(18, 2))'), ('state', 'records.schedule_state'),
        ('currency', 'records.currency'),
    ], {'label': "coalesce(records.description, 'Billing schedule line')"}) }}
    union all
    {{ record_fields('change_request', 'fct_change_request', 'change_request_id', "'change_request'", [
        ('name', 'records.change_request_name'), ('amount', 'cast(records.amount as decimal(18, 2))'), ('currency', 'records.currency'),
        ('status', 'records.change_status'), ('approved_on', 'records.approved_on'), ('services_before', 'cast(records.services_before as decimal(18, 2))'),
        ('budget_before', 'cast(records.budget_before as decimal(18, 2))'), ('billing_before', 'cast(records.billing_before as decimal(18, 2))'),
        ('order_before', 'cast(records.order_before as decimal(18, 2))'), ('planned_end_before', 'records.planned_end_before'), ('planned_end_after', 'records.planned_end_after'),
    ], {'label': 'records.change_request_name'}) }}
    union all
    {{ record_fields('change_leg', 'fct_change_request_leg', 'change_request_leg_id', "'change_leg'", [
        ('leg', 'records.leg'), ('state', 'records.leg_state'), ('expected', 'cast(records.expected_delta as decimal(18, 2))'),
        ('moved', 'cast(records.actual_delta as decimal(18, 2))'), ('unit', 'records.unit'),
    ], {'record_id': 'records.change_request_leg_id', 'label': 'records.leg', 'modified': 'records.copy_modified_at'}) }}
    union all
    {{ record_fields('bridge', 'rec_b03_bridge', 'invoice_id', "'bridge'", [
        ('expected', 'cast(records.expected_amount as decimal(18, 2))'), ('billed_not_approved', 'cast(records.billed_not_approved as decimal(18, 2))'),
        ('approved_not_billed', 'cast(records.approved_not_billed as decimal(18, 2))'), ('rate_effect', 'cast(records.rate_effect as decimal(18, 2))'),
        ('quantity_effect', 'cast(records.quantity_effect as decimal(18, 2))'), ('rounding', 'cast(records.rounding as decimal(18, 2))'), ('unexplained', 'cast(records.unexplained as decimal(18, 2))'),
        ('billed', 'cast(records.billed_amount as decimal(18, 2))'),
    ], {'instance': 'records.erp_instance', 'record_id': 'records.invoice_id', 'label': "'Bridge from delivery to invoice'",
        'modified': undated, 'loaded': undated}) }}
    union all
    {{ record_fields('month_delivered', 'rec_b03_period', 'service_period_id', "'workspace'", [
        ('month', month_text('records.service_month')), ('amount', 'cast(records.delivered_amount as decimal(18, 2))'), ('currency', 'records.currency'),
    ], {'instance': 'projects.instance', 'record_id': 'projects.source_id', 'label': "'Work and expenses of the month'",
        'modified': undated, 'loaded': undated,
        'join': its_project}) }}
    union all
    {{ record_fields('month_billed', 'rec_b03_period', 'service_period_id', "'transaction'", [
        ('month', month_text('records.service_month')), ('amount', 'cast(records.billed_amount as decimal(18, 2))'), ('currency', 'records.currency'),
    ], {'instance': 'records.erp_instance', 'record_id': 'records.invoice_number', 'label': "'Invoice lines dated to the month'",
        'modified': undated, 'loaded': undated}) }}
    union all
    {{ record_fields('agreed_price', 'rec_r02_price', 'price_id', "'workspace'", [
        ('role', 'roles.role_name'), ('first_day', 'records.first_day'), ('last_day', 'records.last_day'),
        ('rate', 'cast(records.expected_rate as decimal(18, 4))'), ('currency', 'records.project_currency'),
    ], {'instance': 'projects.instance', 'record_id': 'projects.source_id', 'label': "'Rate agreed for those days'",
        'modified': undated, 'loaded': undated,
        'join': its_project ~ ' ' ~ its_role}) }}
    union all
    {{ record_fields('billed_price', 'rec_r02_price', 'price_id', "'transaction'", [
        ('hours', 'cast(records.quantity as decimal(18, 2))'), ('rate', 'cast(records.billed_rate as decimal(18, 4))'), ('currency', 'records.invoice_currency'),
    ], {'instance': 'invoices.instance', 'record_id': 'invoices.source_id', 'label': "'Lines of invoice ' || coalesce(invoices.invoice_number, invoices.source_id)",
        'modified': 'invoices.source_modified_at', 'loaded': 'invoices.loaded_at',
        'join': 'inner join ' ~ ref('fct_invoice') ~ ' as invoices on records.invoice_id = invoices.invoice_id'}) }}
    union all
    {{ record_fields('intercompany', 'fct_intercompany_document', 'document_id', "'journalentry'", [
        ('direction', 'records.direction'), ('partner', 'records.partner_entity_id'), ('period', month_text('records.posting_period_start')),
        ('amount', 'cast(records.amount_tc as decimal(18, 2))'), ('paired_document', 'records.paired_document_id'),
    ], {'record_id': 'records.document_id', 'label': 'records.document_number'}) }}
    union all
    {{ record_fields('control', 'rec_x03_tie', 'tie_id', "'control'", [
        ('from_stage', 'records.from_stage'), ('from_amount', 'records.from_amount'),
        ('to_stage', 'records.to_stage'), ('to_amount', 'records.to_amount'),
    ], {'record_id': 'records.tie_id', 'label': 'records.tie',
        'modified': undated, 'loaded': undated}) }}

)

select
    fields.finding_id,
    fields.record_order,
    fields.role,
    instances.system,
    fields.instance,
    fields.object_type,
    fields.record_id,
    fields.label,
    cast(fields.field_order as bigint) as field_order,
    fields.field_name,
    fields.field_value,
    fields.record_modified_at,
    fields.loaded_at
from fields
left join {{ ref('rec_source_instance') }} as instances
    on fields.instance = instances.instance
