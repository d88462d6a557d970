"""Time entries, submissions, expenses and invoices as Kantata shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.firm.days import stamp
from sandbox.firm.group import UNITS
from sandbox.firm.ids import Ids, submission_key
from sandbox.firm.rates import cost_on
from sandbox.firm.timesheets import TimeEntry
from sandbox.firm.world import World

Row = dict[str, Any]
_NOTES = ("Workshops", "Analysis", "Build", "Review", "Client meeting", "Documentation", "Testing")


def hours(world: World, ids: Ids) -> dict[str, list[Row]]:
    """Rows of the collections around time and money spent."""
    runs = {r.invoice.key: r.invoice for r in world.receivables}
    return {
        "time_entries": [_entry(world, ids, e, runs) for e in world.entries if e.is_there(world.as_of)],
        "timesheet_submissions": _submissions(world, ids),
        "expenses": _expenses(world, ids, runs),
        "invoices": _invoices(world, ids),
    }


def _changed(entry: TimeEntry, at: datetime, invoiced: datetime | None) -> datetime:
    """The last of what has happened to an entry by then."""
    moments = (entry.created_at, entry.changed_at, entry.submitted_at, entry.approved_at, invoiced)
    return max(moment for moment in moments if moment is not None and moment <= at)


def _entry(world: World, ids: Ids, entry: TimeEntry, runs: dict[str, Any]) -> Row:
    at = world.as_of
    currency = "USD" if entry.project.startswith("internal:") else world.projects[entry.project].currency
    invoice = runs.get(world.billed.entries.get(entry.key, ""))
    approved = entry.approved_at is not None and entry.approved_at <= at
    changed = _changed(entry, at, invoice.created_at if invoice else None)
    return {
        "id": ids.entries[entry.key],
        "workspace_id": ids.workspace(entry.project),
        "story_id": ids.story(entry.project, entry.task),
        "user_id": ids.user(entry.person.number),
        "role_id": ids.role(entry.role),
        "date_performed": entry.day.isoformat(),
        "time_in_minutes": entry.minutes_at(at),
        "billable": entry.billable,
        "approved": approved,
        "is_invoiced": invoice is not None,
        "invoice_id": ids.psa_invoices[invoice.psa] if invoice else None,
        "notes": _NOTES[(entry.day.day + entry.person.number) % len(_NOTES)],
        "rate_in_cents": entry.rate,
        "cost_rate_in_cents": cost_on(currency, entry.role, entry.day),
        "currency": currency,
        "currency_base_unit": UNITS[currency],
        "active_submission_id": ids.submissions[submission_key(entry)] if entry.submitted_at <= at else None,
        "created_at": stamp(entry.created_at),
        "updated_at": stamp(changed),
    }


def _submissions(world: World, ids: Ids) -> list[Row]:
    """One row per person, project and week, once submitted; approved when its last entry is."""
    weeks: dict[str, list[TimeEntry]] = {}
    for entry in world.entries:
        if entry.deleted_at is None and entry.submitted_at <= world.as_of:
            weeks.setdefault(submission_key(entry), []).append(entry)
    rows = []
    for key, entries in weeks.items():
        first = entries[0]
        moments = [e.approved_at for e in entries if e.approved_at]
        done = max(moments) if len(moments) == len(entries) else None
        approved = done is not None and done <= world.as_of
        submitted = min(e.submitted_at for e in entries)
        rows.append(
            {
                "id": ids.submissions[key], "user_id": ids.user(first.person.number),
                "workspace_id": ids.workspace(first.project), "status": "approved" if approved else "pending",
                "start_date": first.week.isoformat(), "end_date": (first.week + timedelta(days=6)).isoformat(),
                "title": None, "comment": None, "created_at": stamp(submitted),
                "updated_at": stamp(done if approved and done else submitted),
            }
        )  # fmt: skip
    return rows


def _expenses(world: World, ids: Ids, runs: dict[str, Any]) -> list[Row]:
    rows = []
    for expense in world.expenses:
        currency = world.projects[expense.project].currency
        invoice = runs.get(world.billed.expenses.get(expense.key, ""))
        approved = expense.approved_at <= world.as_of
        moments: list[datetime] = [expense.created_at]
        moments += [expense.approved_at] if approved else []
        moments += [invoice.created_at] if invoice else []
        rows.append(
            {
                "id": ids.expenses[expense.key], "workspace_id": ids.workspace(expense.project), "story_id": None,
                "user_id": ids.user(expense.person.number), "date": expense.day.isoformat(),
                "category": expense.category, "currency": currency,
                "invoice_id": ids.psa_invoices[invoice.psa] if invoice else None, "notes": None,
                "amount_in_cents": expense.amount, "currency_base_unit": UNITS[currency],
                "is_billable": expense.billable,
                "is_invoiced": invoice is not None, "approved": approved, "created_at": stamp(expense.created_at),
                "updated_at": stamp(max(moments)),
            }
        )  # fmt: skip
    return rows


def _invoices(world: World, ids: Ids) -> list[Row]:
    rows = []
    seen: set[str] = set()
    for item in world.receivables:
        psa = item.invoice.psa
        if psa is None or psa in seen:
            continue
        seen.add(psa)
        number = ids.psa_invoices[psa]
        currency = item.project.currency
        total = sum(line.amount for line in item.invoice.lines if line.reference and line.source in _OWN)
        rows.append(
            {
                "id": number, "user_invoice_number": f"K-{number}", "status": "new", "title": item.project.name,
                "invoice_date": item.invoice.created_at.date().isoformat(), "due_date": item.due.isoformat(),
                "currency": currency, "workspace_id": ids.workspace(item.project.key),
                "draft": item.invoice.story == "b04_psa_draft",
                "balance_in_cents": total, "currency_base_unit": UNITS[currency],
                "payment_schedule": (item.due - item.invoice.created_at.date()).days,
                "created_at": stamp(item.invoice.created_at), "updated_at": stamp(item.invoice.created_at),
            }
        )  # fmt: skip
    return rows


_OWN = ("time", "expense", "milestone")
