"""Rows of a small firm in API field names: two clients, three projects (one archived), 450 time entries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

Rows = dict[str, list[dict[str, Any]]]

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ENTRIES = 450


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def firm_rows() -> Rows:
    born = {"created_at": stamp(START), "updated_at": stamp(START)}
    return {
        "workspace_groups": [
            {"id": "501", "name": "Acme", "company": True, "address": "1 Old Road", **born},
            {"id": "502", "name": "Kaiyo", "company": True, **born},
        ],
        "workspaces": [
            _workspace("410", "Acme rollout", "USD", 1_250_050, "501", born),
            _workspace("411", "Kaiyo cloud", "JPY", 90_000_000, "502", born),
            _workspace("412", "Acme legacy", "USD", None, "501", born) | {"archived": True},
        ],
        "users": [
            {"id": "77", "full_name": "Ada Byron", "email_address": "ada@meridian.example", "role_id": "31",
             "account_membership_id": "771", "disabled": False, **born},
            {"id": "78", "full_name": "Guest", "email_address": "guest@client.example", "disabled": False, **born},
        ],
        "account_memberships": [
            {"id": "771", "user_id": "77", "default_role_id": "31", "bill_rate_in_cents": 20_000,
             "cost_rate_in_cents": 9_000, "billability_target": 75, **born}
        ],
        "roles": [{"id": "31", "name": "Consultant", **born}],
        "skills": [
            {"id": "41", "name": "Kubernetes", "max_level": 5, **born},
            {"id": "42", "name": "Facilitation", "max_level": 3, **born},
        ],
        "skill_memberships": [
            {"id": "45", "user_id": "77", "skill_id": "41", "cached_skill_name": "Kubernetes", "level": 4,
             "max_level": 5, **born},
            {"id": "46", "user_id": "77", "skill_id": "42", "cached_skill_name": "Facilitation", "level": 2,
             "max_level": 3, **born},
        ],
        "stories": [
            _story("5120", "410", "milestone", born),
            _story("5121", "410", "task", born) | {"parent_id": "5120"},
            _story("5122", "412", "task", born),
            _story("5123", "411", "task", born) | {"archived": True},
            _story("5124", "411", "task", born) | {"deleted_at": stamp(START)},
        ],
        "time_entries": [_entry(number) for number in range(ENTRIES)],
        "timesheet_submissions": [
            {"id": "901", "user_id": "77", "workspace_id": "410", "status": "pending",
             "start_date": "2026-01-05", "end_date": "2026-01-11", **born}
        ],
        "workspace_resources": [
            {"id": "601", "workspace_id": "410", "user_id": "77", "role_id": "31",
             "resource_bill_rate": "200.00", **born}
        ],
        "workspace_allocations": [
            {"id": "701", "workspace_resource_id": "601", "workspace_id": "410", "start_date": "2026-06-01",
             "end_date": "2026-09-30", "minutes": 9600, "hard": True, **born}
        ],
        "assignments": [
            {"id": "711", "story_id": "5121", "assignee_id": "77", "estimated_minutes": 9000, "allocated_minutes": 9600,
             "current": True, **born},
            {"id": "712", "story_id": "5122", "assignee_id": "77", "estimated_minutes": None, "allocated_minutes": 600,
             "current": True, **born},
            {"id": "713", "story_id": "5123", "assignee_id": "78", "estimated_minutes": 60, "allocated_minutes": 0,
             "current": False, **born, "updated_at": stamp(START + timedelta(days=1))},
        ],
        "invoices": [
            {"id": "801", "user_invoice_number": "INV-1", "draft": False, "status": "new", "workspace_id": "410",
             "invoice_date": "2026-02-01", "due_date": "2026-03-01", "balance_in_cents": 15_000,
             "currency": "USD", **born}
        ],
        "expenses": [
            {"id": "851", "workspace_id": "410", "user_id": "77", "date": "2026-02-03", "category": "Travel",
             "amount_in_cents": 20_000, "currency": "USD", "is_billable": True, "is_invoiced": False,
             "approved": True, **born}
        ],
        "billing_milestones": [
            {"id": "871", "workspace_id": "410", "story_id": "5120", "title": "Go-live",
             "date_to_invoice": "2026-05-01", "amount_in_cents": 500_000, "currency": "USD", **born}
        ],
        "rate_card_sets": [{"id": "21", "title": "Standard", "account_default": True}],
        "rate_card_set_versions": [
            {"id": "22", "rate_card_set_id": "21", "effective_date": "2026-01-01", "active": True}
        ],
        "rate_cards": [{"id": "23", "rate_card_set_id": "21", "currency": "USD"}],
        "rate_card_versions": [
            {"id": "24", "rate_card_id": "23", "rate_card_set_version_id": "22", "default_rate": "180.00"}
        ],
        "rate_card_roles": [{"id": "25", "rate_card_version_id": "24", "role_id": "31", "rate": "200.00"}],
        "external_references": [
            {"id": "951", "service_name": "netsuite", "service_model": "job", "service_model_ref": "8842",
             "subject_type": "Workspace", "subject_id": "410", "status": "successful", "locked": False, **born},
            {"id": "952", "service_name": "netsuite", "service_model": "customer", "service_model_ref": "77",
             "subject_type": "WorkspaceGroup", "subject_id": "501", "status": "successful", "locked": False,
             **born},
        ],
        "custom_field_sets": [
            {"id": str(number), "name": f"{subject} set", "subject_type": subject, **born}
            for number, subject in enumerate(("Workspace", "WorkspaceGroup", "Story"), start=1)
        ],
        "custom_fields": _custom_fields(born),
        "custom_field_values": [
            _value("301", "Workspace", "410", "11", "Practice", "CLD", born),
            _value("302", "Workspace", "410", "15", "Open For Time From", "2026-01-01", born),
            _value("303", "WorkspaceGroup", "501", "18", "Legal Name", "Acme Corp", born),
            _value("304", "Story", "5120", "20", "Accepted On", "2026-05-02", born),
        ],
    }  # fmt: skip


def _custom_fields(born: dict[str, Any]) -> list[dict[str, Any]]:
    sets = {"Workspace": "1", "WorkspaceGroup": "2", "Story": "3"}
    listed = [
        ("11", "Practice", "Workspace", "string"),
        ("12", "Business Unit", "Workspace", "string"),
        ("13", "Legal Entity", "Workspace", "string"),
        ("14", "Contract Type", "Workspace", "string"),
        ("15", "Open For Time From", "Workspace", "date"),
        ("16", "Open For Time To", "Workspace", "date"),
        ("17", "Budget Hours", "Workspace", "number"),
        ("18", "Legal Name", "WorkspaceGroup", "string"),
        ("19", "Payment Terms Days", "WorkspaceGroup", "number"),
        ("20", "Accepted On", "Story", "date"),
        ("21", "Baseline Due Date", "Story", "date"),
    ]
    return [
        {"id": id_, "name": name, "custom_field_set_id": sets[subject], "value_type": kind, **born}
        for id_, name, subject, kind in listed
    ]


def _value(
    id_: str, subject: str, subject_id: str, field_id: str, name: str, value: str, born: dict[str, Any]
) -> dict[str, Any]:
    row = {"id": id_, "subject_type": subject, "subject_id": subject_id, "custom_field_id": field_id}
    return row | {"custom_field_name": name, "value": value, "type": "string", **born}


def _workspace(
    id_: str, title: str, currency: str, cents: int | None, group: str, born: dict[str, Any]
) -> dict[str, Any]:
    unit = 1 if currency == "JPY" else 100
    row = {"id": id_, "title": title, "account_id": "5", "currency": currency, "currency_base_unit": unit}
    row |= {"price_in_cents": cents, "status_key": "on_track", "stage": "project", "rate_card_id": "23"}
    return row | {"primary_workspace_group_id": group, "archived": False, "percentage_complete": 10, **born}


def _story(id_: str, workspace: str, kind: str, born: dict[str, Any]) -> dict[str, Any]:
    row = {"id": id_, "workspace_id": workspace, "story_type": kind, "title": f"Story {id_}"}
    return row | {"state": "started", "budget_estimate_in_cents": 500_000, "archived": False, **born}


def _entry(number: int) -> dict[str, Any]:
    changed = stamp(START + timedelta(hours=number))
    workspace = ("410", "411", "412")[number % 3]
    row = {"id": str(20_001 + number), "workspace_id": workspace, "story_id": "5121", "role_id": "31"}
    row |= {"user_id": "78" if number % 50 == 49 else "77", "time_in_minutes": 60 + number % 7 * 30}
    row |= {"date_performed": (date(2026, 1, 5) + timedelta(days=number // 24)).isoformat(), "billable": True}
    row |= {"approved": number < 200, "is_invoiced": number < 100, "notes": f"Work {number}"}
    row |= {
        "invoice_id": "801" if number < 100 else None,
        "rate_in_cents": 20_000,
        "cost_rate_in_cents": 9_000,
    }
    row |= {"currency": "JPY" if workspace == "411" else "USD"}
    row |= {"currency_base_unit": 1 if workspace == "411" else 100}
    row |= {"active_submission_id": "901" if number == 300 else None}
    return row | {"created_at": changed, "updated_at": changed}
