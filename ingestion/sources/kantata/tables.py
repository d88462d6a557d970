"""Raw tables of Kantata OX: keys, types, cursors and delete strategies.

Money is integer minor units of `currency` (divide by `currency_base_unit`), rates of rate cards are main
units. Everything with a REST `updated_after` filter is incremental on `updated_at`; the rest is read whole.
Amounts of project accounting records carry no unit in their names; they are read as minor units like all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ingestion.tables import Column, DeleteStrategy, Table, fields

_LAG = timedelta(minutes=2)  # a row may become visible that long after its updated_at
_LONGEST_PLAN = timedelta(days=92)  # time dated further ahead than this is a typing error
_STAMPS = ("created_at:ts", "updated_at:ts!")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What the API calls a raw table, and what to do with its records besides typing them."""

    collection: str  # REST collection
    subject: str | None = None  # name in custom fields and external references
    event: str | None = None  # subject of its `:deleted` events
    financial: tuple[str, ...] = ()  # fields that are absent when the token may not see money
    ignored: frozenset[str] = frozenset()  # known fields we have no use for; anything else unknown is drift


def _ruled(columns: tuple[Column, ...], **rules: Mapping[str, Any]) -> tuple[Column, ...]:
    return tuple(replace(column, **rules.get(column.name, {})) for column in columns)


def _table(
    name: str,
    columns: tuple[Column, ...],
    *,
    incremental: bool = True,
    deletes: DeleteStrategy = "deleted_feed",
    subject: str = "",
    totals: tuple[str, ...] = (),
) -> Table:
    """Tables with custom values are not `ordered`: subjects whose values changed come after the others."""
    return Table(
        name,
        ("id",),
        columns,
        cursor="updated_at" if incremental else None,
        lag=_LAG,
        ordered=incremental and not subject and name != "external_reference",
        deletes=deletes if incremental else "full",
        page_size=200,
        vendor_object=subject,
        totals=totals,
    )


_LISTED = [
    _table(
        "workspace",
        fields(
            "id!", "title", "account_id", "archived:b", "currency", "currency_base_unit:i", "price_in_cents:i",
            "start_date:d", "due_date:d", "effective_due_date:d", "percentage_complete:i", "status_key", "stage",
            "rate_card_id", "change_orders_enabled:b", "budgeted:b", "primary_workspace_group_id",
            "primary_maven_id", *_STAMPS,
        )
        + fields(
            "Practice=>practice_code", "Business Unit=>business_unit_code", "Legal Entity=>legal_entity_code",
            "Contract Type=>contract_type_code", "Open For Time From:d=>open_from", "Open For Time To:d=>open_to",
            "Budget Hours:h=>budget_hours", custom=True,
        ),
        subject="Workspace",
    ),
    _table(
        "workspace_group",
        fields("id!", "name", "company:b", "contact_name", "email", "address", "website", *_STAMPS)
        + fields("Legal Name=>legal_name", "Payment Terms Days:i=>payment_terms_days", custom=True),
        subject="WorkspaceGroup",
    ),
    _table(
        "story",
        fields(
            "id!", "workspace_id!", "parent_id", "title", "story_type", "state", "start_date:d", "due_date:d",
            "percentage_complete:i", "billable:b", "fixed_fee:b", "archived:b", "deleted_at:ts",
            "budget_estimate_in_cents:i", "time_estimate_in_minutes:i", *_STAMPS,
        )
        + fields("Accepted On:d=>accepted_on", "Baseline Due Date:d=>baseline_due_date", custom=True),
        subject="Story",
        deletes="sweep",
    ),
    _table(
        "time_entry",
        _ruled(
            fields(
                "id!", "workspace_id!", "story_id", "user_id!", "role_id", "date_performed:d!",
                "time_in_minutes:i!", "billable:b", "approved:b", "is_invoiced:b", "invoice_id", "notes",
                "rate_in_cents:i", "cost_rate_in_cents:i", "currency", "currency_base_unit:i",
                "active_submission_id", *_STAMPS,
            ),
            time_in_minutes={"minimum": 0},
            rate_in_cents={"minimum": 0},
            date_performed={"future": _LONGEST_PLAN},
        ),
        totals=("time_in_minutes",),
    ),
    _table(
        "timesheet_submission",
        _ruled(
            fields("id!", "user_id", "workspace_id", "status", "start_date:d", "end_date:d", *_STAMPS),
            status={"allowed": frozenset({"pending", "approved", "rejected", "cancelled"})},
        ),
        deletes="sweep",
    ),
    _table(
        "expense",
        fields(
            "id!", "workspace_id!", "story_id", "user_id", "date:d", "category", "amount_in_cents:i!", "currency",
            "currency_base_unit:i", "is_billable:b", "is_invoiced:b", "invoice_id", "approved:b", "notes", *_STAMPS,
        ),
        totals=("amount_in_cents",),
    ),
    _table(
        "user",
        fields("id!", "full_name", "email_address", "disabled:b", "account_membership_id", "role_id"),
        incremental=False,
    ),
    _table(
        "account_membership",
        fields(
            "id!", "user_id", "default_role_id", "bill_rate_in_cents:i", "cost_rate_in_cents:i",
            "billability_target:i", "manager_id", "disabled_at:ts", "updated_at:ts",
        ),
        incremental=False,
    ),
    _table(
        "cost_rate",
        (
            *fields("id!", "account_membership_id!", "currency!", "in_use:b", "updated_at:ts"),
            Column("amount_in_subunits", "int", "amount_in_subunits", minimum=0, confidential=True),
        ),
        incremental=False,
    ),
    _table("role", fields("id!", "name", "deleted_at:ts", "updated_at:ts"), incremental=False),
    _table("skill", fields("id!", "name!", "max_level:i", *_STAMPS), incremental=False),
    _table(
        "skill_membership",
        _ruled(
            fields("id!", "user_id!", "skill_id!", "cached_skill_name", "level:i", "max_level:i", *_STAMPS),
            level={"minimum": 0},
        ),
        incremental=False,
    ),
    _table("rate_card_set", fields("id!", "title", "account_default:b"), incremental=False),
    _table(
        "rate_card_set_version",
        fields("id!", "rate_card_set_id", "effective_date:d", "active:b"),
        incremental=False,
    ),
    _table("rate_card", fields("id!", "rate_card_set_id", "currency"), incremental=False),
    _table(
        "rate_card_version",
        fields("id!", "rate_card_id", "rate_card_set_version_id", "default_rate:r"),
        incremental=False,
    ),
    _table(
        "rate_card_role", fields("id!", "rate_card_version_id", "role_id", "rate:r"), incremental=False
    ),
    _table(
        "workspace_resource",
        fields("id!", "workspace_id", "user_id", "role_id", "resource_bill_rate:r", *_STAMPS),
    ),
    _table(
        "workspace_allocation",
        _ruled(
            fields(
                "id!", "workspace_resource_id!", "workspace_id", "start_date:d!", "end_date:d!", "minutes:i",
                "hard:b", "notes", *_STAMPS,
            ),
            minutes={"minimum": 0},
        ),
    ),
    _table(
        "assignment",
        _ruled(
            fields(
                "id!", "story_id!", "assignee_id", "estimated_minutes:i", "allocated_minutes:i", "current:b", *_STAMPS
            ),
            estimated_minutes={"minimum": 0},
            allocated_minutes={"minimum": 0},
        ),
    ),
    _table(
        "billing_milestone",
        fields(
            "id!", "workspace_id", "story_id", "title", "date_to_invoice:d", "amount_in_cents:i", "currency",
            "invoice_id", *_STAMPS,
        ),
    ),
    _table(
        "invoice",
        fields(
            "id!", "user_invoice_number", "draft:b", "status", "invoice_date:d", "due_date:d", "balance_in_cents:i",
            "currency", "currency_base_unit:i", "workspace_id", *_STAMPS,
        ),
    ),
    _table(
        "project_accounting_record",
        fields(
            "id!", "workspace_id!", "type!", "status", "start_date:d", "end_date:d", "currency", "amount:i",
            "amount_to_date:i", "budget:i", "cost:i", "cost_eac:i", "hours:h", "hours_etc:h", "hours_eac:h",
            "percent_complete:r", "created_at:ts!",
        ),
        incremental=False,
    ),
    _table(
        "external_reference",
        fields(
            "id!", "service_name!", "service_model!", "service_model_ref!", "subject_type!", "subject_id!",
            "status", "locked:b", *_STAMPS,
        ),
        deletes="sweep",
    ),
]  # fmt: skip

TABLES: Mapping[str, Table] = {table.name: table for table in _LISTED}

_COMMON = "currency_symbol user_can_edit permissions creator_id updater_id external_reference_ids"
_WORKSPACE = (
    "price budget_used budget_used_in_cents budget_remaining percent_of_budget_used over_budget description "
    "total_expenses_in_cents workspace_group_ids status external_link default_rate require_time_approvals "
    "require_expense_approvals target_margin revenue_recognition_method custom_field_value_ids can_invite "
    "consultant_role_name client_role_name can_create_line_items has_budget_access access_level time_trackable "
    "stories_are_fixed_fee_by_default tasks_default_non_billable account_color_id expenses_in_burn_rate"
)
_STORY = (
    "description root_id position weight custom_field_value_ids sub_story_count budget_used_in_cents "
    "logged_billable_time_in_minutes logged_nonbillable_time_in_minutes invoiced_balance_in_cents "
    "uninvoiced_balance_in_cents cost_budget_in_cents time_trackable priority"
)


def _names(*texts: str) -> frozenset[str]:
    return frozenset(" ".join((_COMMON, *texts)).split())


RESOURCES: Mapping[str, Resource] = {
    "workspace": Resource(
        collection="workspaces",
        subject="Workspace",
        event="workspace",
        financial=("price_in_cents", "currency"),
        ignored=_names(_WORKSPACE),
    ),
    "workspace_group": Resource(
        collection="workspace_groups",
        subject="WorkspaceGroup",
        event="workspace_group",
        ignored=_names("phone_number notes custom_field_value_ids"),
    ),
    "story": Resource(
        collection="stories",
        subject="Story",
        financial=("budget_estimate_in_cents",),
        ignored=_names(_STORY),
    ),
    "time_entry": Resource(
        collection="time_entries",
        event="time_entry",
        financial=("rate_in_cents", "cost_rate_in_cents"),
        ignored=_names("taxable location recent_submission_id"),
    ),
    "timesheet_submission": Resource(
        collection="timesheet_submissions",
        ignored=_names("title comment type line_item_total_in_cents line_item_total_formatted"),
    ),
    "expense": Resource(
        collection="expenses",
        event="expense",
        ignored=_names("expense_category_id reimbursable taxable vendor_id foreign_exchange_amount "
                       "active_submission_id"),
    ),
    "user": Resource(collection="users", ignored=_names("photo_path headline created_at updated_at")),
    "account_membership": Resource(
        collection="account_memberships",
        financial=("bill_rate_in_cents", "cost_rate_in_cents"),
        ignored=_names("effective_workweek_id permission is_administrator created_at is_owner"),
    ),
    "cost_rate": Resource(
        collection="cost_rates", financial=("amount_in_subunits",), ignored=_names("created_at")
    ),
    "role": Resource(collection="roles", ignored=_names("created_at")),
    "skill": Resource(
        collection="skills", event="skill", ignored=_names("description skill_category_id role_ids")
    ),
    "skill_membership": Resource(
        collection="skill_memberships", event="skill_membership", ignored=_names()
    ),
    "rate_card_set": Resource(
        collection="rate_card_sets", ignored=_names("active_currencies default_currencies destroyable")
    ),
    "rate_card_set_version": Resource(
        collection="rate_card_set_versions", ignored=_names("used_currencies rate_card_version_ids")
    ),
    "rate_card": Resource(collection="rate_cards", ignored=_names("uses rate_card_version_ids")),
    "rate_card_version": Resource(collection="rate_card_versions", ignored=_names("rate_card_role_ids")),
    "rate_card_role": Resource(collection="rate_card_roles", ignored=_names()),
    "workspace_resource": Resource(
        collection="workspace_resources",
        event="workspace_resource",
        ignored=_names("label role_name full_name resource_cost_rate total_allocated_minutes"),
    ),
    "workspace_allocation": Resource(
        collection="workspace_allocations", event="workspace_allocation", ignored=_names("percentage")
    ),
    "assignment": Resource(
        collection="assignments", event="assignment", ignored=_names("resource_id story_allocation_day_ids")
    ),
    "billing_milestone": Resource(
        collection="billing_milestones",
        event="billing_milestone",
        financial=("amount_in_cents",),
        ignored=_names("billing_type invoice_ids"),
    ),
    "invoice": Resource(
        collection="invoices",
        event="invoice",
        ignored=_names("title message payment_schedule tax_rate purchase_order project_code recipient_id "
                       "workspace_ids user_id"),
    ),
    "project_accounting_record": Resource(
        collection="project_accounting_records",
        financial=("amount", "budget", "cost", "cost_eac"),
        ignored=_names("story_id role_id contract_date description fees labor_type service_type notes "
                       "total_estimated_hours total_hours_to_date"),
    ),
    "external_reference": Resource(
        collection="external_references",
        ignored=_names("external_link external_status external_message last_synced_at"),
    ),
}  # fmt: skip

#: Subjects whose external references we read; the list call takes one at a time.
REFERENCED_SUBJECTS = (
    "Workspace", "WorkspaceGroup", "Story", "TimeEntry", "Expense", "Invoice", "BillingMilestone", "User",
)  # fmt: skip
