"""Shape of the simulated tenant's store: one table per collection, columns named as the API names them.

Rows are plain dicts in API field names. Conventions of the store, whatever the API shows:

- ids and foreign keys are text; booleans are 0/1; money is integer minor units (`*_in_cents`);
- timestamps are UTC text `2026-06-30T18:00:00Z` (the API shows them with the account's own offset);
- dates are text `2026-06-30`; rates of rate cards are text decimals in main units;
- custom values live in `custom_field_values`, one row per subject and field, `value` as text; its field must
  exist in `custom_fields` (`value_type` is string, date or number), and the field's set in
  `custom_field_sets`, which says on what it may stand (`subject_type` Workspace, Story or WorkspaceGroup).
"""

from __future__ import annotations

from types import MappingProxyType

_STAMPS = {"created_at": "text", "updated_at": "text"}


def _table(texts: str = "", integers: str = "", *, stamps: bool = True) -> dict[str, str]:
    columns = (
        {"id": "text"} | dict.fromkeys(texts.split(), "text") | dict.fromkeys(integers.split(), "integer")
    )
    return columns | _STAMPS if stamps else columns


_TABLES: dict[str, dict[str, str]] = {
    "workspaces": _table(
        "title account_id currency start_date due_date effective_due_date status_key stage rate_card_id "
        "primary_workspace_group_id primary_maven_id description external_link",
        "archived currency_base_unit price_in_cents percentage_complete change_orders_enabled budgeted",
    ),
    "workspace_groups": _table("name contact_name email phone_number address website notes", "company"),
    "stories": _table(
        "workspace_id parent_id title story_type state start_date due_date deleted_at",
        "percentage_complete billable fixed_fee archived budget_estimate_in_cents time_estimate_in_minutes",
    ),
    "time_entries": _table(
        "workspace_id story_id user_id role_id date_performed notes currency active_submission_id invoice_id",
        "time_in_minutes billable approved is_invoiced rate_in_cents cost_rate_in_cents currency_base_unit",
    ),
    "timesheet_submissions": _table("user_id workspace_id status start_date end_date title comment"),
    "expenses": _table(
        "workspace_id story_id user_id date category currency invoice_id notes",
        "amount_in_cents currency_base_unit is_billable is_invoiced approved",
    ),
    "users": _table("full_name email_address account_membership_id role_id", "disabled"),
    "account_memberships": _table(
        "user_id default_role_id manager_id disabled_at",
        "bill_rate_in_cents cost_rate_in_cents billability_target",
    ),
    "cost_rates": _table("account_membership_id currency", "amount_in_subunits in_use"),
    "roles": _table("name deleted_at"),
    "skills": _table("name description", "max_level"),
    "skill_memberships": _table("user_id skill_id cached_skill_name", "level max_level"),
    "rate_card_sets": _table("title", "account_default", stamps=False),
    "rate_card_set_versions": _table("rate_card_set_id effective_date", "active", stamps=False),
    "rate_cards": _table("rate_card_set_id currency", stamps=False),
    "rate_card_versions": _table("rate_card_id rate_card_set_version_id default_rate", stamps=False),
    "rate_card_roles": _table("rate_card_version_id role_id rate", stamps=False),
    "workspace_resources": _table("workspace_id user_id role_id resource_bill_rate resource_cost_rate"),
    "workspace_allocations": _table(
        "workspace_resource_id workspace_id start_date end_date notes", "minutes hard"
    ),
    "assignments": _table("story_id assignee_id", "estimated_minutes allocated_minutes current"),
    "billing_milestones": _table(
        "workspace_id story_id title date_to_invoice currency invoice_id", "amount_in_cents"
    ),
    "invoices": _table(
        "user_invoice_number status invoice_date due_date currency workspace_id title",
        "draft balance_in_cents currency_base_unit payment_schedule",
    ),
    "project_accounting_records": _table(
        "workspace_id story_id type status start_date end_date currency hours hours_etc hours_eac "
        "percent_complete created_at",
        "amount amount_to_date budget cost cost_eac",
        stamps=False,
    ),
    "external_references": _table(
        "service_name service_model service_model_ref subject_type subject_id status external_link "
        "external_status external_message last_synced_at",
        "locked",
    ),
    "custom_field_sets": _table("name subject_type"),
    "custom_fields": _table("name value_type custom_field_set_id"),
    "custom_field_values": _table("subject_type subject_id custom_field_id custom_field_name value type"),
    "subscribed_events": _table(
        "event_type subject_type subject_id user_id account_id subject_changed_at payload_changes"
    ),
}

#: Collection name -> column name -> SQLite type. The order is the order of a record's keys in answers.
TABLES = MappingProxyType(_TABLES)

#: Columns the page queries need sorted, besides the primary key.
INDEXES: MappingProxyType[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {name: (("updated_at", "id"),) for name, columns in _TABLES.items() if "updated_at" in columns}
    | {
        "time_entries": (("updated_at", "id"), ("workspace_id",), ("active_submission_id",)),
        "custom_field_values": (("updated_at", "id"), ("subject_type", "subject_id")),
        "external_references": (
            ("updated_at", "id"),
            ("subject_type", "subject_id"),
            ("service_name", "service_model", "service_model_ref"),
        ),
        "subscribed_events": (("created_at",),),
    }
)

#: Collection -> the CamelCase name external references, custom fields and events use for its records.
SUBJECT_TYPES = MappingProxyType(
    {
        "workspaces": "Workspace",
        "workspace_groups": "WorkspaceGroup",
        "stories": "Story",
        "time_entries": "TimeEntry",
        "timesheet_submissions": "Submission",
        "expenses": "Expense",
        "users": "User",
        "account_memberships": "AccountMembership",
        "roles": "Role",
        "rate_cards": "RateCard",
        "skills": "Skill",
        "skill_memberships": "SkillMembership",
        "workspace_resources": "WorkspaceResource",
        "workspace_allocations": "WorkspaceAllocation",
        "assignments": "Assignment",
        "billing_milestones": "BillingMilestone",
        "invoices": "Invoice",
    }
)

#: Shown only to users with financial access; absent, not null, for the others.
FINANCIAL_FIELDS = MappingProxyType(
    {
        "workspaces": ("price", "price_in_cents", "currency", "budget_used", "budget_used_in_cents"),
        "stories": ("budget_estimate_in_cents",),
        "time_entries": ("rate_in_cents", "cost_rate_in_cents"),
        "account_memberships": ("bill_rate_in_cents", "cost_rate_in_cents"),
        "cost_rates": ("amount_in_subunits",),
        "workspace_resources": ("resource_bill_rate", "resource_cost_rate"),
        "billing_milestones": ("amount_in_cents",),
        "project_accounting_records": ("amount", "amount_to_date", "budget", "cost", "cost_eac"),
    }
)

BOOLEANS = frozenset(
    {
        "archived", "change_orders_enabled", "budgeted", "company", "billable", "fixed_fee", "approved",
        "is_invoiced", "is_billable", "disabled", "account_default", "active", "hard", "draft", "locked", "in_use",
        "current",
    }
)  # fmt: skip
