"""The budget of the default firm: what finance planned per entity, practice and month."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

from sandbox.firm.days import add_months, first_of_month, months_between
from sandbox.firm.group import ENTITIES, PRACTICES, UNITS
from sandbox.firm.spec import FirmSpec
from sandbox.firm.world import World, build_world

_FIRST, _LAST = date(2025, 1, 1), date(2026, 12, 1)
#: Consulting is slow in July, August and December.
_SEASON = (1.0, 1.01, 1.05, 1.0, 1.0, 1.0, 0.93, 0.88, 1.04, 1.05, 1.01, 0.86)


def write_plan(path: Path, spec: FirmSpec) -> int:
    """Write the plan file; returns the number of rows. Amounts are whole thousands of USD where large."""
    world = build_world(spec, spec.planted_at)
    actual = _earned(world)
    rows = []
    for entity in ENTITIES:
        for practice in PRACTICES:
            for month in months_between(_FIRST, _LAST):
                rows.append(
                    (entity, practice, month.isoformat(), _planned(world, actual, entity, practice, month))
                )
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("legal_entity_id", "practice_id", "month", "amount_rc"))
        writer.writerows(rows)
    return len(rows)


def _earned(world: World) -> dict[tuple[str, str, date], float]:
    """Value of approved billable work by contracting entity, in USD at the month's average rate."""
    found: dict[tuple[str, str, date], float] = defaultdict(float)
    for entry in world.entries:
        project = world.projects.get(entry.project)
        if project is None or not entry.billable or entry.approved_at is None:
            continue
        month = first_of_month(entry.day)
        main = entry.minutes * entry.rate / 60 / UNITS[project.currency]
        found[project.entity, project.practice, month] += main * float(
            world.fx.rate("USD", project.currency, month)
        )
    return found


def _planned(
    world: World, actual: dict[tuple[str, str, date], float], entity: str, practice: str, month: date
) -> int:
    """Three months of actuals, smoothed, seasonal, and optimistic by three to eight percent in most cells."""
    last = add_months(first_of_month(world.as_of.date()), -1)
    anchor = min(month, last)
    around = [actual.get((entity, practice, add_months(anchor, shift)), 0.0) for shift in (-1, 0, 1)]
    known = [value for value in around if value] or [20_000.0]
    base = sum(known) / len(known)
    base = 0.75 * (actual.get((entity, practice, anchor)) or base) + 0.25 * base
    if month > last:
        ahead = (month.year - last.year) * 12 + month.month - last.month
        base *= (1 + 0.004 * ahead) * _SEASON[month.month - 1] / _SEASON[last.month - 1]
    lift = world.chance.between(30, 80, "plan", entity, practice, month.year) / 1000
    sign = 1 if world.chance.hit(0.7, "plan sign", entity, practice, month) else -1
    return max(1000, round(base * (1 + sign * lift) / 500) * 500)
