"""Hours: who logged what on which day, when it was submitted, approved, edited or deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from sandbox.firm.chance import Chance
from sandbox.firm.days import ONE_DAY, holidays, moment
from sandbox.firm.group import ENTITIES
from sandbox.firm.leave import Leave
from sandbox.firm.people import Person
from sandbox.firm.projects import Assignment, Project
from sandbox.firm.rates import billed_rate
from sandbox.firm.spec import FirmSpec

INTERNAL_TASKS = ("Presales", "Training", "Administration", "Product development")


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """One line of a timesheet. `project` of internal work is 'internal:<practice>'. Rate in minor units."""

    key: str
    project: str
    task: int
    person: Person
    role: str
    day: date
    minutes: int
    billable: bool
    rate: int
    week: date  # Monday of the submission this entry belongs to
    created_at: datetime
    submitted_at: datetime  # Friday evening, or when it was entered after that
    approved_at: datetime | None
    changed_at: datetime | None = None
    minutes_before: int = 0
    deleted_at: datetime | None = None
    story: str = ""

    def minutes_at(self, at: datetime) -> int:
        """Minutes as shown at that moment; an edit may have changed them."""
        return self.minutes if self.changed_at is None or self.changed_at <= at else self.minutes_before

    def is_there(self, at: datetime) -> bool:
        """Whether the entry exists at that moment."""
        return self.created_at <= at and (self.deleted_at is None or self.deleted_at > at)


@dataclass(frozen=True)
class TimeBook:
    """What timesheets are written from."""

    spec: FirmSpec
    chance: Chance
    projects: Mapping[str, Project]
    as_of: datetime


def log_time(book: TimeBook, people: list[Person], leaves: list[Leave]) -> list[TimeEntry]:
    """Every entry made by the as-of moment, including ones deleted since."""
    bookings: dict[str, list[Assignment]] = defaultdict(list)
    for project in book.projects.values():
        for assignment in project.team:
            if assignment.works:
                bookings[assignment.person.key].append(assignment)
    away: dict[str, set[date]] = defaultdict(set)
    for leave in leaves:
        if leave.outcome == "approved":
            away[leave.person.key].update(leave.days)
    entries: list[TimeEntry] = []
    for person in people:
        mine = sorted(bookings[person.key], key=lambda a: (a.start, a.key))
        entries.extend(_of_person(book, person, mine, away[person.key]))
    return entries


@lru_cache(maxsize=4096)
def _week(day: date) -> tuple[date, datetime]:
    monday = day - timedelta(days=day.weekday())
    return monday, moment(monday + timedelta(days=4), 20)


def submission_of(day: date, created: datetime) -> tuple[date, datetime]:
    """The week (its Monday) an entry is submitted with, and when."""
    monday, friday = _week(day)
    return monday, max(friday, created)


def _of_person(
    book: TimeBook, person: Person, bookings: list[Assignment], away: set[date]
) -> Iterator[TimeEntry]:
    closed = holidays().get(ENTITIES[person.entity].calendar, {})
    day, last = max(book.spec.start, person.hired), book.as_of.date()
    while day <= last:
        hours = person.pattern[day.weekday()]
        if hours and day not in closed and day not in away and person.employed_on(day):
            active = [a for a in bookings if a.start <= day <= a.end]
            yield from _of_day(book, person, day, hours * 60, active)
        day += ONE_DAY


def _of_day(
    book: TimeBook, person: Person, day: date, available: int, active: list[Assignment]
) -> Iterator[TimeEntry]:
    rolls = book.chance.shares("day", person.key, day)
    used = 0
    for place, assignment in enumerate(sorted(active, key=lambda a: a.daily_minutes is None)):
        minutes = assignment.daily_minutes or int(available * assignment.share) + (rolls[0] % 5 - 2) * 15
        if assignment.daily_minutes is None:
            minutes = min(minutes, available - used)
        minutes = minutes // 15 * 15
        if minutes < 60:
            continue
        used += minutes
        project = book.projects[assignment.project]
        yield from _entry(
            book, person, day, project, minutes, rolls if place == 0 else rolls[3:] + rolls[:3], place
        )
    rest = (available - used) // 15 * 15
    if rest >= 30 and (rolls[6] > 22_000 or not used):
        yield from _internal(book, person, day, rest if used else max(60, rest - 30), rolls)


def _entered(day: date, rolls: tuple[int, ...], salt: int) -> datetime:
    """When an entry of that day is made: that evening, or a day or two late."""
    created = moment(day, 16 + rolls[1] % 2, rolls[1] % 60, salt % 60)
    if rolls[2] < 4500:
        created = moment(day + timedelta(days=1 + rolls[2] % 2), 9, rolls[2] % 60)
    return created


def approval(chance: Chance, person: str, project: str, week: date) -> datetime:
    """When the project manager approves that timesheet: usually on Tuesday, sometimes days later."""
    roll = chance.share("approval", person, project, week)
    days = 4 if roll < 0.85 else 6 + int((roll - 0.85) * 25) if roll < 0.97 else 10 + int((roll - 0.97) * 100)
    return moment(week + timedelta(days=4 + days), 10, int(roll * 1000) % 60)


def _entry(
    book: TimeBook,
    person: Person,
    day: date,
    project: Project,
    minutes: int,
    rolls: tuple[int, ...],
    place: int,
) -> Iterator[TimeEntry]:
    created = _entered(day, rolls, place)
    if created > book.as_of:
        return
    week, submitted = submission_of(day, created)
    progress = (day - project.start).days / max(1, (project.end - project.start).days)
    billable = rolls[3] > 1800 or bool(project.story)
    deleted = created + timedelta(hours=15) if rolls[4] < 400 and not project.story else None
    changed = created + timedelta(hours=13) if 400 <= rolls[4] < 1700 and not project.story else None
    approved = approval(book.chance, person.key, project.key, week)
    yield TimeEntry(
        key=f"{day:%y%m%d}{person.key}-{place}",
        project=project.key,
        task=3 if person is project.lead and rolls[5] % 4 == 0 else min(2, int(progress * 3)),
        person=person,
        role=person.role,
        day=day,
        minutes=minutes,
        billable=billable,
        rate=entry_rate(project, person.role, day) if billable else 0,
        week=week,
        created_at=created,
        submitted_at=submitted,
        approved_at=None if deleted else max(approved, created + timedelta(hours=20)),
        changed_at=changed,
        minutes_before=minutes + (30 if rolls[5] % 2 else -15) if changed else 0,
        deleted_at=deleted,
    )


def entry_rate(project: Project, role: str, day: date) -> int:
    """The price the PSA puts on an hour; zero is its silent answer to a missing role row."""
    if project.story in ("r01_no_role", "r01_zero_rate") and role == project.team[0].person.role:
        return 0
    card = project.card if not project.card.startswith("special:") else "standard"
    priced_on = project.start if project.story == "r02_override" else day  # the override has no dates
    return billed_rate(project.story, card, project.currency, role, priced_on)


def _internal(
    book: TimeBook, person: Person, day: date, minutes: int, rolls: tuple[int, ...]
) -> Iterator[TimeEntry]:
    created = _entered(day, rolls, 31)
    if created > book.as_of:
        return
    key = f"internal:{person.team_on(day).practice}"
    week, submitted = submission_of(day, created)
    task = 0 if person.role in ("Partner", "Principal") else (1, 2, 2, 0, 3)[rolls[7] % 5]
    approved = approval(book.chance, person.key, key, week)
    yield TimeEntry(
        key=f"{day:%y%m%d}{person.key}-i", project=key, task=task, person=person, role=person.role, day=day,
        minutes=minutes, billable=False, rate=0, week=week, created_at=created, submitted_at=submitted,
        approved_at=max(approved, created + timedelta(hours=20)),
    )  # fmt: skip
