"""The people of the firm, with their employment history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.firm.chance import Chance
from sandbox.firm.days import add_weekdays, moment, months_between, to_weekday
from sandbox.firm.group import BUSINESS_UNITS, ENTITIES, PRACTICES
from sandbox.firm.names import FIRST_NAMES, LAST_NAMES
from sandbox.firm.spec import FirmSpec

NOTICE = timedelta(days=30)
#: Leavers are drawn this far ahead whatever the horizon, so that "stays" means the same in every world.
_LEAVING_KNOWN = timedelta(days=3 * 365)
FULL_TIME = (8, 8, 8, 8, 8, 0, 0)
PART_TIME = ((8, 8, 8, 0, 0, 0, 0), (6, 6, 6, 6, 6, 0, 0), (8, 8, 0, 8, 8, 0, 0), (0, 8, 8, 8, 4, 0, 0))
_ROLES = (("Partner", 6), ("Principal", 6), ("Senior Manager", 11), ("Manager", 16), ("Senior Consultant", 24),
          ("Consultant", 25), ("Analyst", 12))  # fmt: skip
#: Leavers on whom something was planted, and those who only look like it.
STORIES = ("late_allocation", "allocation_after", "late_time", "not_disabled")
LOOK_ALIKES = ("rehire", "future")


@dataclass(frozen=True)
class Move:
    """From this day the person belongs to that team."""

    day: date
    practice: str
    unit: str


@dataclass(frozen=True)
class Person:
    """One employee or contractor. `spans` are employments, both days included; the last may be open."""

    key: str
    number: int
    first: str
    last: str
    email: str
    entity: str
    role: str
    contractor: bool
    pattern: tuple[int, ...]
    spans: tuple[tuple[date, date | None], ...]
    teams: tuple[Move, ...]
    story: str
    has_reference: bool

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def hired(self) -> date:
        """First day of the first employment."""
        return self.spans[0][0]

    @property
    def termination(self) -> date | None:
        """Last day of the last employment, announced or not."""
        return self.spans[-1][1]

    @property
    def announced_at(self) -> datetime | None:
        """When HR records the last termination: thirty days ahead."""
        return moment(self.termination - NOTICE, 9) if self.termination else None

    def employed_on(self, day: date) -> bool:
        """Whether the day lies inside an employment."""
        return any(start <= day and (end is None or day <= end) for start, end in self.spans)

    def span_at(self, day: date) -> tuple[date, date | None]:
        """The employment that has begun last by that day."""
        begun = [span for span in self.spans if span[0] <= day]
        return begun[-1] if begun else self.spans[0]

    def team_on(self, day: date) -> Move:
        """The team of that day."""
        begun = [move for move in self.teams if move.day <= day]
        return begun[-1] if begun else self.teams[0]

    @property
    def practice(self) -> str:
        """First practice."""
        return self.teams[0].practice

    @property
    def unit(self) -> str:
        """First business unit."""
        return self.teams[0].unit


def make_people(spec: FirmSpec, chance: Chance, horizon: date) -> list[Person]:
    """Everybody who ever worked here up to the horizon, in order of hiring."""
    initial = round(spec.people * 0.94)
    stories = _stories(spec, chance, initial)
    people = [
        _person(spec, chance, number, None, stories.get(number, ""), horizon) for number in range(initial)
    ]
    number, owed = initial, 0.0
    for month in months_between(spec.start, horizon):
        owed += spec.people * 0.011
        while owed >= 1:
            hired = to_weekday(month + timedelta(days=14 * chance.between(0, 1, "joiner", number)))
            if hired > spec.start:
                people.append(_person(spec, chance, number, hired, "", horizon))
            number, owed = number + 1, owed - 1
    return people


def _stories(spec: FirmSpec, chance: Chance, initial: int) -> dict[int, str]:
    staff = [number for number in range(initial) if _role(chance, number) not in ("Partner", "Principal")]
    chosen = iter(chance.order(staff, "story"))
    kinds = [*STORIES * spec.each, *LOOK_ALIKES * 2]
    return {next(chosen): f"{kind}:{number}" for number, kind in enumerate(kinds)}


def _role(chance: Chance, number: int) -> str:
    if number < 6:  # every small firm needs sellers
        return ("Partner", "Principal")[number % 2]
    return chance.weighted(_ROLES, "role", number)


def _person(
    spec: FirmSpec, chance: Chance, number: int, hired: date | None, story: str, horizon: date
) -> Person:
    entities = list(ENTITIES)
    entity = (
        entities[number % 4]
        if number < 8
        else chance.weighted([(e.id, e.weight) for e in ENTITIES.values()], "entity", number)
    )
    practices = list(PRACTICES)
    practice = practices[number % 5] if number < 10 else chance.pick(practices, "practice", number)
    first, last = (
        chance.pick(FIRST_NAMES[entity], "first", number),
        chance.pick(LAST_NAMES[entity], "last", number),
    )
    role = _role(chance, number)
    contractor = not story and hired is None and number > 10 and chance.hit(0.06, "contractor", number)
    pattern = FULL_TIME
    if not story and chance.hit(0.1, "part", number):
        pattern = chance.pick(PART_TIME, "pattern", number)
    hired = hired or to_weekday(spec.start - timedelta(days=chance.between(60, 3000, "hired", number)))
    return Person(
        key=f"P{number:05d}",
        number=number,
        first=first,
        last=last,
        email=f"{first}.{last}{number if number else ''}@meridian.example".lower(),
        entity=entity,
        role=role,
        contractor=contractor,
        pattern=pattern,
        spans=_spans(spec, chance, number, hired, story),
        teams=_teams(spec, chance, number, hired, practice, horizon),
        story=story.partition(":")[0],
        has_reference=not chance.hit(0.1, "hr reference", number),
    )


def _spans(
    spec: FirmSpec, chance: Chance, number: int, hired: date, story: str
) -> tuple[tuple[date, date | None], ...]:
    kind, _, order = story.partition(":")
    planted = spec.planted_on
    if kind == "rehire":
        left = to_weekday(planted - timedelta(days=200 + 3 * int(order)))
        return ((hired, left), (to_weekday(left + timedelta(days=80)), None))
    if kind == "future":
        return ((hired, add_weekdays(planted, 12 + int(order) % 7)),)
    if kind:
        return ((hired, add_weekdays(planted, -(6 + 2 * (int(order) % 20)))),)
    if number < 6:
        return ((hired, None),)
    for month in months_between(
        max(hired + timedelta(days=120), spec.start), spec.planted_on + _LEAVING_KNOWN
    ):
        if chance.hit(0.007, "leaves", number, month):
            day = to_weekday(month + timedelta(days=chance.between(9, 27, "last day", number, month)))
            if day > spec.start + timedelta(days=20):
                return ((hired, day),)
    return ((hired, None),)


def _teams(
    spec: FirmSpec, chance: Chance, number: int, hired: date, practice: str, horizon: date
) -> tuple[Move, ...]:
    unit = PRACTICES[practice].unit
    if chance.hit(0.12, "other unit", number):
        unit = chance.pick(list(BUSINESS_UNITS), "unit", number)
    teams = [Move(hired, practice, unit)]
    if number >= 6 and chance.hit(0.08, "moves", number):
        day = to_weekday(spec.start + timedelta(days=chance.between(60, 500, "move day", number)))
        if hired < day <= horizon:
            other = chance.pick([p for p in PRACTICES if p != practice], "move to", number)
            teams.append(Move(day, other, PRACTICES[other].unit))
    return tuple(teams)
