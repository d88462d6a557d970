"""Travel and other expenses on client work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.firm.chance import Chance
from sandbox.firm.days import moment, monday_of
from sandbox.firm.group import UNITS
from sandbox.firm.people import Person
from sandbox.firm.projects import Project
from sandbox.firm.rates import CURRENCY_FACTOR

CATEGORIES = ("Airfare", "Lodging", "Rail", "Meals", "Taxi")


@dataclass(frozen=True)
class Expense:
    """One expense in minor units of the project's currency."""

    key: str
    project: str
    person: Person
    day: date
    category: str
    amount: int
    billable: bool
    created_at: datetime
    approved_at: datetime


def make_expenses(chance: Chance, projects: list[Project], as_of: datetime) -> list[Expense]:
    """About one expense per person and fortnight on projects that are visited."""
    found = []
    for project in projects:
        if project.story or project.contract_type == "retainer":
            continue
        for assignment in project.team:
            day = monday_of(assignment.start) + timedelta(days=9)
            while day <= min(assignment.end, as_of.date()):
                key = f"E{day:%y%m%d}-{project.key}-{assignment.person.key}"
                if chance.hit(0.3, "expense", key):
                    expense = _expense(chance, key, project, assignment.person, day)
                    if expense.created_at <= as_of:
                        found.append(expense)
                day += timedelta(days=14)
    return found


def _expense(chance: Chance, key: str, project: Project, person: Person, day: date) -> Expense:
    main = round(chance.between(18, 640, "amount", key) * CURRENCY_FACTOR[project.currency])
    cents = chance.between(0, 99, "cents", key) if UNITS[project.currency] == 100 else 0
    return Expense(
        key=key, project=project.key, person=person, day=day, category=chance.pick(CATEGORIES, "category", key),
        amount=main * UNITS[project.currency] + cents,
        billable=project.contract_type == "time_and_materials" and chance.hit(0.8, "billable", key),
        created_at=moment(day + timedelta(days=1), 12, 20), approved_at=moment(day + timedelta(days=6), 11, 5),
    )  # fmt: skip
