"""Project accounting as Kantata keeps it: baselines, earned value at each month end, revenue forecasts of each month.

A record says what its author knew when it was made and is never edited, so a forecast stays frozen. One project in
twelve is never estimated again after its baseline, as in real firms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sandbox.firm.days import (
    add_months,
    first_of_month,
    moment,
    month_end,
    months_between,
    nth_weekday,
    stamp,
)  # fmt: skip
from sandbox.firm.group import UNITS
from sandbox.firm.ids import Ids, rank
from sandbox.firm.projects import Project
from sandbox.firm.rates import cost_on
from sandbox.firm.timesheets import TimeEntry
from sandbox.firm.world import World

Row = dict[str, Any]
_CLOSING_DAY = 3  # working day of the next month on which a month's estimate is written


@dataclass(frozen=True)
class _Record:
    """One record: when it was made and what it says."""

    key: str
    made_at: datetime
    project: Project
    says: Row


def accounting(world: World, ids: Ids) -> dict[str, list[Row]]:
    """Rows of the collection project_accounting_records."""
    worked: dict[str, list[TimeEntry]] = defaultdict(list)
    for entry in world.entries:
        worked[entry.project].append(entry)
    made = [
        r
        for p in world.projects.values()
        for r in _records(world, p, worked[p.key])
        if r.made_at <= world.as_of
    ]
    numbers = rank(((r.made_at, r.key) for r in made), 80_001)
    return {"project_accounting_records": [_row(ids, record, numbers[record.key]) for record in made]}


def _row(ids: Ids, record: _Record, number: str) -> Row:
    at = stamp(record.made_at)
    return {
        "id": number, "workspace_id": ids.workspace(record.project.key), "story_id": None, "status": "Approved",
        "currency": record.project.currency, "amount": None, "amount_to_date": None, "budget": None, "cost": None,
        "cost_eac": None, "hours": None, "hours_etc": None, "hours_eac": None, "percent_complete": None,
        **record.says, "created_at": at,
    }  # fmt: skip


def _records(world: World, project: Project, entries: list[TimeEntry]) -> Iterator[_Record]:
    yield _baseline(project)
    for month in months_between(first_of_month(project.start), first_of_month(project.end)):
        yield _forecast(world, project, month)
        if not world.chance.hit(1 / 12, "never estimated", project.key):
            at = moment(nth_weekday(add_months(month, 1), _CLOSING_DAY), 15, 10)
            if at <= world.as_of:
                yield _earned(world, project, month, at, [e for e in entries if _counts(e, month, at)])


def _counts(entry: TimeEntry, month: date, at: datetime) -> bool:
    return entry.day <= month_end(month) and entry.is_there(at)


def _cost_budget(project: Project) -> int:
    rates = [cost_on(project.currency, a.person.role, project.start) for a in project.team]
    return project.budget_hours * sum(rates) // max(1, len(rates))


def _baseline(project: Project) -> _Record:
    says = {
        "type": "Baseline", "start_date": project.start.isoformat(), "end_date": project.end.isoformat(),
        "budget": project.price, "cost": _cost_budget(project), "hours": project.budget_hours,
    }  # fmt: skip
    return _Record(f"B|{project.key}", project.opened_at, project, says)


def _elapsed(project: Project, day: date) -> float:
    whole = max(1, (project.end - project.start).days)
    return min(1.0, max(0.0, (day - project.start).days / whole))


def _earned(world: World, project: Project, month: date, at: datetime, entries: list[TimeEntry]) -> _Record:
    """The project manager's estimate: growth shows bit by bit as the work goes on."""
    growth = world.chance.between(-8, 28, "growth", project.key) / 100
    hours = sum(entry.minutes_at(at) for entry in entries) / 60
    cost = sum(
        entry.minutes_at(at) * cost_on(project.currency, entry.role, entry.day) // 60 for entry in entries
    )
    passed = _elapsed(project, month_end(month))
    total = max(hours, project.budget_hours * (1 + growth * passed))
    to_come = round(0 if passed >= 1 else total - hours, 2)
    each = _cost_budget(project) / max(1, project.budget_hours)
    says = {
        "type": "Earned Value", "start_date": month.isoformat(), "end_date": month_end(month).isoformat(),
        "budget": _cost_budget(project), "cost": cost, "cost_eac": cost + round(to_come * each),
        "hours": f"{hours:.2f}", "hours_etc": f"{to_come:.2f}", "hours_eac": f"{hours + to_come:.2f}",
        "percent_complete": f"{100 * hours / (hours + to_come):.2f}" if hours else "0.00",
    }  # fmt: skip
    return _Record(f"E|{project.key}|{month}", at, project, says)


def _forecast(world: World, project: Project, month: date) -> _Record:
    """Revenue expected of a month, written on its first working day and not touched again."""
    share = _elapsed(project, month_end(month)) - _elapsed(project, month)
    error = world.chance.between(82, 122, "forecast", project.key, month.isoformat())
    step = UNITS[project.currency] * 100
    says = {
        "type": "Forecasting", "start_date": month.isoformat(), "end_date": month_end(month).isoformat(),
        "amount": round(project.price * share * error / 100 / step) * step,
    }  # fmt: skip
    return _Record(f"F|{project.key}|{month}", moment(nth_weekday(month, 1), 8, 15), project, says)
