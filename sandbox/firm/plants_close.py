"""Planted omissions at close (T04): timesheets and expenses nobody approves, and weeks nobody submits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sandbox.firm.days import add_months, monday_of
from sandbox.firm.expenses import Expense
from sandbox.firm.projects import Project
from sandbox.firm.staffing import Book
from sandbox.firm.timesheets import TimeEntry

OPEN_STORY = "t04_open"
_NEVER = timedelta(days=73_000)
_FROM, _TO = (
    timedelta(days=76),
    timedelta(days=44),
)  # before the planting day: a month whose books close by then


@dataclass(frozen=True)
class Omissions:
    """'project|person|week' never approved, 'person|week' never submitted, and expenses never approved."""

    unapproved: frozenset[str]
    missing: frozenset[str]
    expenses: frozenset[str]


def plant_omissions(
    book: Book, projects: Mapping[str, Project], entries: list[TimeEntry], expenses: list[Expense]
) -> Omissions:
    """Choose among old weeks of people about whom nothing else is planted."""
    first, last = monday_of(book.spec.planted_on - _FROM), monday_of(book.spec.planted_on - _TO)
    old = [
        e
        for e in entries
        if first <= e.week <= last and not e.story and not e.deleted_at and not e.person.story
    ]
    natural = {p.key for p in projects.values() if not p.story and p.opened_at <= book.spec.planted_at}
    sheets = sorted({f"{e.project}|{e.person.key}|{e.week}" for e in old if e.project in natural})
    before = add_months(book.spec.planted_on.replace(day=1), -1)  # the month closed last
    weeks = sorted(
        {
            f"{e.person.key}|{e.week}"
            for e in entries
            if e.week.month == (e.week + timedelta(days=4)).month == before.month
            and e.week.year == before.year
            and not e.person.contractor
            and e.person.termination is None
            and not e.person.story
            and not e.story
        }
    )
    bills = [x for x in expenses if x.project in natural and first <= x.day <= last]
    unapproved = book.chance.order(sheets, "never approved")[: book.spec.each]
    busy = {f"{person}|{week}" for _, person, week in (sheet.split("|") for sheet in unapproved)}
    missing = [week for week in book.chance.order(weeks, "never submitted") if week not in busy][
        : book.spec.each
    ]
    chosen = book.chance.order(bills, "expense never approved")[: book.spec.each]
    return Omissions(frozenset(unapproved), frozenset(missing), frozenset(x.key for x in chosen))


def omit(omissions: Omissions, entries: list[TimeEntry]) -> list[TimeEntry]:
    """The entries as they are once those weeks were never approved, or never written down."""
    kept = []
    for entry in entries:
        if f"{entry.person.key}|{entry.week}" in omissions.missing:
            continue
        if f"{entry.project}|{entry.person.key}|{entry.week}" in omissions.unapproved:
            entry = replace(entry, approved_at=None, story=entry.story or OPEN_STORY)
        kept.append(entry)
    return kept


def leave_open(omissions: Omissions, expenses: list[Expense]) -> list[Expense]:
    """Expenses whose approval never comes: it lies beyond everything that is simulated, wherever the firm stands."""
    return [
        replace(x, approved_at=x.created_at + _NEVER) if x.key in omissions.expenses else x for x in expenses
    ]
