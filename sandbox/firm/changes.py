"""Changes of scope: agreed on about a fifth of the projects, and carried through into every copy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sandbox.firm.contract_cases import CASES, case_changes
from sandbox.firm.days import add_weekdays, moment, to_weekday
from sandbox.firm.projects import ChangeRequest, Project
from sandbox.firm.staffing import Book


def make_changes(book: Book, projects: list[Project], as_of: datetime) -> list[ChangeRequest]:
    """Every change raised by the as-of moment; some stay open."""
    found: list[ChangeRequest] = []
    for project in projects:
        if project.story in CASES:
            found.extend(case_changes(book, project, as_of))
        elif not project.story and book.chance.hit(0.22, "change", project.key):
            found.append(_natural(book, project, as_of))
    return [change for change in found if change.created_at <= as_of]


def _natural(book: Book, project: Project, as_of: datetime) -> ChangeRequest:
    day = to_weekday(project.start + (project.end - project.start) * 0.5)
    approved = None
    if book.chance.hit(0.75, "approved", project.key):
        approved = moment(add_weekdays(day, 4), 14, 30)
    amount = max(1, round(project.price * 0.06 / 50_000)) * 50_000
    return ChangeRequest(
        f"CR-{project.key}", str(project.deal), project.key, amount, project.currency,
        moment(day, 11, 10), approved if approved and approved <= as_of else None,
        f"Additional scope agreed with the client for {project.name}",
        scheduled=project.contract_type in ("fixed_fee", "milestone"),
    )  # fmt: skip


def moved(changes: Iterable[ChangeRequest], leg: str, at: datetime) -> int:
    """What these changes have together added to a leg by that moment."""
    return sum(change.moves(leg, at) for change in changes)


def last_carried(changes: Iterable[ChangeRequest], legs: Iterable[str], at: datetime) -> datetime | None:
    """When one of the legs was last altered by one of these changes."""
    listed = list(legs)
    moments = [
        change.carried_at for change in changes
        if change.carried_at and any(change.moves(leg, at) for leg in listed)
    ]  # fmt: skip
    return max(moments, default=None)
