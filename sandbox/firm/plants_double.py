"""Planted double billing (T02): invoices issued again without a credit or keyed in by hand, and hours entered twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sandbox.firm.billing import Invoice, Line
from sandbox.firm.days import add_weekdays, moment
from sandbox.firm.group import UNITS
from sandbox.firm.projects import Project
from sandbox.firm.staffing import Book
from sandbox.firm.timesheets import TimeEntry

#: Kind of a doubled invoice -> days after the first one.
KINDS = {"t02_again": 9, "t02_manual": 16, "t02_number": 12, "t02_amount": 3}
ENTRY_STORY = "t02_same"


@dataclass(frozen=True)
class Doubles:
    """The added invoices, and whose number one of them carries."""

    invoices: tuple[Invoice, ...]
    first: Mapping[str, str]  # added invoice -> the invoice it doubles


def double_invoices(
    book: Book, projects: Mapping[str, Project], invoices: tuple[Invoice, ...], taken: frozenset[str]
) -> Doubles:
    """Doubles of posted invoices of hourly work, old enough that nothing else happens to them any more."""
    planted = book.spec.planted_at
    fit = [
        i for i in invoices
        if i.psa and i.posted_at and not i.story and i.key not in taken and not projects[i.project].story
        and planted - timedelta(days=150) < i.created_at < planted - timedelta(days=40)
        and any(line.source == "time" for line in i.lines) and i.net > 20_000
    ]  # fmt: skip
    pool = iter(book.chance.order(fit, "doubles"))
    added, first = [], {}
    for kind in [*KINDS] * book.spec.each:
        original = next(pool, None)
        if original:
            double = _double(projects[original.project], original, kind)
            added.append(double)
            first[double.key] = original.key
    return Doubles(tuple(added), first)


def _double(project: Project, original: Invoice, kind: str) -> Invoice:
    at = moment(add_weekdays(original.created_at.date() + timedelta(days=KINDS[kind]), 0), 10, 35)
    if at.weekday() > 4:
        at += timedelta(days=7 - at.weekday())
    made = replace(
        original, key=f"{original.key}D", created_at=at, posted_at=at + timedelta(hours=20), story=kind
    )
    if kind == "t02_again":
        return made
    return replace(made, psa=None, lines=(_manual(project, original, kind),))


def _manual(project: Project, original: Invoice, kind: str) -> Line:
    """A line keyed in by hand: it says nothing about what it bills."""
    time = next(line for line in original.lines if line.source == "time")
    if kind == "t02_manual":
        return replace(time, reference=(), text="Services as per timesheet")
    unit = UNITS[project.currency] * (100 if project.currency == "JPY" else 1)
    amount = original.net if kind == "t02_amount" else 2345 * unit
    return replace(time, source="extra", reference=(), text="Services as agreed", minutes=None, rate=None,
                   amount=amount)  # fmt: skip


def doubled_entries(
    book: Book, projects: Mapping[str, Project], entries: list[TimeEntry]
) -> Iterator[TimeEntry]:
    """Hours that a retry entered a second time a few minutes later, some billed by now and some not."""
    planted = book.spec.planted_on
    fit = [
        e for e in entries
        if planted - timedelta(days=70) <= e.day <= planted - timedelta(days=16)
        and e.billable and e.approved_at and e.approved_at < book.spec.planted_at and not e.story
        and not e.changed_at and not e.deleted_at
        and (project := projects.get(e.project)) and not project.story
        and project.contract_type == "time_and_materials" and project.opened_at < book.spec.planted_at
    ]  # fmt: skip
    seen: set[str] = set()
    chosen = []
    for entry in book.chance.order(fit, "entered twice"):
        if entry.person.key not in seen:
            seen.add(entry.person.key)
            chosen.append(entry)
    for entry in chosen[: 2 * book.spec.each]:
        yield replace(
            entry,
            key=f"{entry.key}-again",
            created_at=entry.created_at + timedelta(minutes=4),
            story=ENTRY_STORY,
        )
