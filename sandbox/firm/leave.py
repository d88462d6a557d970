"""Time off: vacations planned ahead, single sick days, and requests that were cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.firm.chance import Chance
from sandbox.firm.days import ONE_DAY, holidays, moment, months_between, to_weekday
from sandbox.firm.group import ENTITIES
from sandbox.firm.people import Person
from sandbox.firm.spec import FirmSpec


@dataclass(frozen=True)
class Leave:
    """A request for time off; `days` are those that count, `hours` says how much of each."""

    key: str
    person: Person
    days: tuple[date, ...]
    kind: str
    created_at: datetime
    decided_at: datetime
    outcome: str  # 'approved' or 'canceled'
    in_hours: bool

    def status_at(self, at: datetime) -> str:
        """What the HR system shows at that moment."""
        return self.outcome if self.decided_at <= at else "requested"


def make_leave(spec: FirmSpec, chance: Chance, people: list[Person], as_of: datetime) -> list[Leave]:
    """Requests made by the as-of moment, future vacations among them."""
    found: list[Leave] = []
    last = as_of.date() + timedelta(days=75)
    for person in people:
        if person.contractor:
            continue
        for month in months_between(spec.start, last):
            found.extend(leave for leave in _of_month(chance, person, month) if leave.created_at <= as_of)
    return found


def planned_absence(spec: FirmSpec, chance: Chance, person: Person, last: date) -> frozenset[date]:
    """Days of the vacations that are or will be granted, whenever they are asked for: bookings leave them free."""
    if person.contractor:
        return frozenset()
    return frozenset(
        day
        for month in months_between(spec.start, last)
        for leave in _of_month(chance, person, month)
        if leave.kind == "Vacation" and leave.outcome == "approved"
        for day in leave.days
    )


def _of_month(chance: Chance, person: Person, month: date) -> list[Leave]:
    rolls = chance.shares("leave", person.key, month)
    found = []
    odds = {7: 52_000, 8: 52_000, 12: 50_000}.get(month.month, 19_000)
    if rolls[0] < odds:
        start = to_weekday(month + timedelta(days=rolls[1] % 20))
        length = 1 + rolls[2] % 9
        created = moment(start - timedelta(days=25 + rolls[3] % 20), 10, rolls[4] % 60)
        outcome = "canceled" if rolls[5] < 3000 else "approved"
        found.append(_leave(person, f"V{month:%y%m}", start, length, "Vacation", created, outcome))
    if rolls[6] < 14_000:
        start = to_weekday(month + timedelta(days=rolls[7] % 27))
        found.append(_leave(person, f"S{month:%y%m}", start, 1, "Sick", moment(start, 7, 30), "approved"))
    return [leave for leave in found if leave.days]


def _leave(
    person: Person, name: str, start: date, length: int, kind: str, created: datetime, outcome: str
) -> Leave:
    closed = holidays().get(ENTITIES[person.entity].calendar, {})
    days, day = [], start
    for _ in range(length):
        if person.pattern[day.weekday()] and day not in closed and person.employed_on(day):
            days.append(day)
        day += ONE_DAY
    decided = created + timedelta(hours=2 if kind == "Sick" else 45)
    return Leave(f"{person.key}/{name}", person, tuple(days), kind, created, decided, outcome, kind == "Sick")
