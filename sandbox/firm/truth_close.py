"""Ground truth of T04: what stands open when a month closes, planted or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from sandbox.firm.days import ONE_DAY, first_of_month, holidays, monday_of, month_end
from sandbox.firm.discrepancy import Discrepancy, record
from sandbox.firm.group import BAMBOOHR, ENTITIES, KANTATA, money
from sandbox.firm.ids import Ids
from sandbox.firm.plants_close import OPEN_STORY
from sandbox.firm.project_bamboohr import employee_id
from sandbox.firm.timesheets import TimeEntry
from sandbox.firm.world import World

_CLOSE, _REMINDER, _LOOKBACK = 5, 3, timedelta(days=45)


def open_at_close(world: World, ids: Ids) -> Iterator[Discrepancy]:
    """Unapproved time and expenses, and weeks nobody submitted, of months about to close or closed."""
    yield from _time(world, ids)
    yield from _expenses(world, ids)
    yield from _weeks(world)


def _is_due(world: World, entity: str, month: date) -> bool:
    closed, day, last = holidays()[ENTITIES[entity].calendar], month_end(month), world.as_of.date()
    days = 0
    while day < last:
        day += ONE_DAY
        days += day.weekday() < 5 and day not in closed
    return month_end(month) < last and days >= _CLOSE - _REMINDER


def _time(world: World, ids: Ids) -> Iterator[Discrepancy]:
    groups: dict[tuple[str, str, date, date], list[TimeEntry]] = defaultdict(list)
    for entry in world.entries:
        approved = entry.approved_at is not None and entry.approved_at <= world.as_of
        if entry.is_there(world.as_of) and not approved:
            key = (employee_id(entry.person), entry.project, monday_of(entry.day), first_of_month(entry.day))
            groups[key].append(entry)
    for (person, project, week, month), entries in groups.items():
        internal = project.startswith("internal:")
        if _is_due(world, "MCG-US" if internal else world.projects[project].entity, month):
            planted = any(entry.story == OPEN_STORY for entry in entries)
            yield Discrepancy(
                "T04", f"{BAMBOOHR}:{person}|{KANTATA}:{ids.workspace(project)}|{week}", f"{month:%Y-%m}",
                OPEN_STORY if planted else "drift_open", None, None, "time nobody approved",
                [record(KANTATA, "time_entries", ids.entries[entry.key]) for entry in entries],
            )  # fmt: skip


def _expenses(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for expense in world.expenses:
        project, month = world.projects[expense.project], first_of_month(expense.day)
        if expense.approved_at > world.as_of and _is_due(world, project.entity, month):
            own = ids.expenses[expense.key]
            kind = "t04_expense" if expense.key in world.omissions.expenses else "drift_expense"
            yield Discrepancy(
                "T04", f"{KANTATA}:{own}", f"{month:%Y-%m}", kind, money(expense.amount, project.currency),
                project.currency, "an expense nobody approved", [record(KANTATA, "expenses", own)],
            )  # fmt: skip


def _weeks(world: World) -> Iterator[Discrepancy]:
    people = {person.key: person for person in world.people}
    for key in world.omissions.missing:
        person_key, _, week = key.partition("|")
        person, monday = people[person_key], date.fromisoformat(week)
        if month_end(monday) >= world.as_of.date() - _LOOKBACK and _is_due(world, person.entity, monday):
            yield Discrepancy(
                "T04", f"missing:{BAMBOOHR}:{employee_id(person)}|{week}", f"{monday:%Y-%m}", "t04_missing", None, None,
                "a week nobody submitted", [record(BAMBOOHR, "employee", employee_id(person))],
            )  # fmt: skip
