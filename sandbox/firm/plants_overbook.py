"""Planted overbooking (H02), and bookings that only look like it.

Each case stands in a week of its own for its person, well ahead of the planting day, on top of bookings that fit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.firm.bookings import WHOLE, working_days
from sandbox.firm.days import add_weekdays, moment, monday_of
from sandbox.firm.leave import Leave, planned_absence
from sandbox.firm.people import Person
from sandbox.firm.projects import Assignment, Project
from sandbox.firm.staffing import Book, steady_people

#: Three days a little too long; two days far too long; approved leave on days that stay booked.
OVERBOOKED = ("h02_days", "h02_week", "h02_leave")
#: A tentative booking over a full week, and one long day.
LOOK_ALIKES = ("soft_week", "single_day")
_WEEKS = (2, 3, 4, 5, 6)  # weeks ahead of the planting day
_DAY = 480


@dataclass(frozen=True)
class Overbooking:
    """One case: a person, the Monday of the week, and what was put there."""

    story: str
    person: Person
    week: date
    bookings: tuple[Assignment, ...]
    leave: Leave | None = None

    @property
    def last_day(self) -> date:
        """As-of days from this one on no longer see the case: too few of its days lie ahead."""
        return self.week + timedelta(days=3) if self.leave else self.week


def plant_overbooking(
    book: Book, projects: Mapping[str, Project], bookings: Iterable[Assignment]
) -> tuple[Overbooking, ...]:
    """All cases, chosen by what is known on the planting day, so that later days repeat them."""
    planted = book.spec.planted_at
    running = [
        p for p in projects.values()
        if not p.story and p.opened_at <= planted and p.start <= planted.date() and p.first_part_of is None
    ]  # fmt: skip
    known = {p.key for p in projects.values() if p.opened_at <= planted}
    mine: dict[str, list[Assignment]] = defaultdict(list)
    for booking in bookings:
        mine[booking.person.key].append(booking)
    taken: set[tuple[str, date]] = set()
    cases: list[Overbooking] = []
    for place, story in enumerate((*OVERBOOKED, *LOOK_ALIKES)):
        wanted = book.spec.each if story in OVERBOOKED else 2
        for person, week, minutes in _openings(book, mine, known, place):
            order = book.chance.order(running, "host", person.key)
            host = next((p for p in order if _hosts(p, person, week)), None)
            if wanted and host and (person.key, week) not in taken:
                taken.add((person.key, week))
                cases.append(_case(book, story, person, week, minutes, host))
                wanted -= 1
    return tuple(cases)


def _openings(
    book: Book, mine: Mapping[str, list[Assignment]], known: set[str], place: int
) -> Iterator[tuple[Person, date, int]]:
    """People with the weeks in which they work all five days and are booked for most of each day."""
    first = monday_of(book.spec.planted_on)
    for person in steady_people(book, f"overbooking {place}", book.spec.planted_on):
        away = planned_absence(book.spec, book.chance, person, book.spec.planted_on + timedelta(days=90))
        for ahead in (*_WEEKS[place:], *_WEEKS[:place]):
            week = first + timedelta(weeks=ahead)
            days = [d for d in working_days(person, week, week + timedelta(days=6)) if d not in away]
            held = [
                a for a in mine[person.key] if a.start <= week + timedelta(days=6) and a.planned_end >= week
            ]
            loads = {_minutes(held, day) for day in days}
            if (
                len(days) == 5
                and len(loads) == 1
                and {a.project for a in held} <= known
                and min(loads) >= 360
            ):
                yield person, week, min(loads)
                break


def _minutes(held: list[Assignment], day: date) -> int:
    return sum(round(a.share * WHOLE) for a in held if a.start <= day <= a.planned_end) * _DAY // WHOLE


def _hosts(project: Project, person: Person, week: date) -> bool:
    team = {a.person.key for a in project.team}
    return project.end >= week + timedelta(days=6) and person.key not in team


def _case(book: Book, story: str, person: Person, week: date, minutes: int, host: Project) -> Overbooking:
    """The bookings of a case, sized by the minutes of a day that are booked already."""
    free = _DAY - minutes
    days, daily, hard = {
        "h02_days": (3, free + 75, True),
        "h02_week": (2, free + _DAY, True),
        "h02_leave": (0, 0, True),
        "soft_week": (5, _DAY, False),
        "single_day": (1, free + 120, True),
    }[story]
    end = week + timedelta(days=days - 1)
    extra = Assignment(
        key=f"{host.key}/{person.key}/{story}", project=host.key, person=person, start=week, end=end, planned_end=end,
        cut_at=None, share=0, daily_minutes=daily, works=False, hard=hard,
    )  # fmt: skip
    leave = _leave(book, person, week) if story == "h02_leave" else None
    return Overbooking(story, person, week, (extra,) if days else (), leave)


def _leave(book: Book, person: Person, week: date) -> Leave:
    """Asked for and granted shortly before the planting day, while the booking stays as it is."""
    made = moment(add_weekdays(book.spec.planted_on, -5), 10, 40)
    days = (week + timedelta(days=2), week + timedelta(days=3))
    key = f"{person.key}/H{week:%y%m%d}"
    return Leave(key, person, days, "Vacation", made, made + timedelta(hours=45), "approved", in_hours=False)
