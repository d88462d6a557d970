"""Planted hours and bookings: time on closed projects, time and bookings of people who have left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sandbox.firm.days import add_months, add_weekdays, first_of_month, moment, month_end
from sandbox.firm.people import Person
from sandbox.firm.projects import Assignment, Project
from sandbox.firm.staffing import Book
from sandbox.firm.timesheets import TimeEntry, entry_rate, submission_of

CLOSE_AFTER = timedelta(days=14)  # time may still be entered that long after the end


@dataclass(frozen=True)
class TimePlants:
    """What is planted in hours and bookings."""

    entries: tuple[TimeEntry, ...]
    bookings: tuple[Assignment, ...]
    forgotten: frozenset[str]  # 'project|yyyy-mm' never billed as a whole
    skipped: frozenset[str]  # 'project|yyyy-mm|person' of which the first days were never billed


def plant_time(book: Book, projects: Mapping[str, Project]) -> TimePlants:
    """Everything planted in the PSA's hours, chosen among projects without another story."""
    natural = [p for p in projects.values() if not p.story]
    forgotten, skipped = _forgotten(book, natural)
    entries = [
        *_late(book, natural),
        *_early(book, natural),
        *_fresh(book, natural),
        *_after_leaving(book, natural),
    ]
    return TimePlants(tuple(entries), tuple(_late_bookings(book, natural)), forgotten, skipped)


def _entry(
    project: Project, person: Person, day: date, story: str, *, approved: bool, minutes: int = 240,
    created_at: datetime | None = None, deleted_at: datetime | None = None,
) -> TimeEntry:  # fmt: skip
    created = created_at or moment(day, 17, 25)
    week, submitted = submission_of(day, created)
    return TimeEntry(
        key=f"{day:%y%m%d}{person.key}-{story}-{project.key}", project=project.key, task=2, person=person,
        role=person.role, day=day, minutes=minutes, billable=True, rate=entry_rate(project, person.role, day),
        week=week, created_at=created, submitted_at=submitted,
        approved_at=created + timedelta(days=4, hours=16) if approved else None,
        deleted_at=deleted_at, story=story,
    )  # fmt: skip


def _stays(project: Project) -> Person | None:
    return next((a.person for a in project.team if a.person.termination is None and not a.person.story), None)


def _late(book: Book, natural: list[Project]) -> Iterator[TimeEntry]:
    """After the window has closed: approved on work that is not billed by the hour, unapproved on work that is."""
    first, last = book.spec.planted_on - timedelta(days=170), book.spec.planted_on - timedelta(days=35)
    for kind, hourly in (("late", False), ("late-open", True)):
        fit = [
            p for p in natural
            if first <= p.end <= last and (p.contract_type == "time_and_materials") == hourly and _stays(p)
        ]  # fmt: skip
        for number, project in enumerate(book.chance.order(fit, kind)[: book.spec.each]):
            person = _stays(project)
            if person:
                day = add_weekdays(project.end + CLOSE_AFTER, 2 + number % 4)
                yield _entry(project, person, day, f"t03_{kind}", approved=not hourly)


def _early(book: Book, natural: list[Project]) -> Iterator[TimeEntry]:
    first = max(book.spec.start + timedelta(days=40), book.spec.planted_on - timedelta(days=200))
    last = book.spec.planted_on - timedelta(days=20)
    fit = [p for p in natural if first <= p.start <= last and p.contract_type != "time_and_materials"]
    fit = [p for p in fit if (person := _stays(p)) and person.hired < p.start - timedelta(days=30)]
    for project in book.chance.order(fit, "early")[: book.spec.each]:
        person = _stays(project)
        if person:
            yield _entry(project, person, add_weekdays(project.start, -3), "t03_early", approved=True)


def _fresh(book: Book, natural: list[Project]) -> Iterator[TimeEntry]:
    """Wrong, but entered today and taken back tomorrow: inside the grace."""
    planted = book.spec.planted_on
    fit = [
        p
        for p in natural
        if planted - timedelta(days=150) <= p.end <= planted - timedelta(days=30) and _stays(p)
    ]
    for number, project in enumerate(book.chance.order(fit, "fresh")[:2]):
        person = _stays(project)
        if person:
            day = add_weekdays(planted, 0) if planted.weekday() < 5 else add_weekdays(planted, -1)
            created = moment(planted, 14, 5 + number)
            yield _entry(project, person, day, "t03_fresh", approved=False, created_at=created,
                         deleted_at=created + timedelta(hours=19))  # fmt: skip


def _running(book: Book, natural: list[Project], person: Person, first: date, last: date) -> list[Project]:
    fit = [p for p in natural if p.start <= first and p.end >= last]
    return book.chance.order(fit, "running", person.key)


def _after_leaving(book: Book, natural: list[Project]) -> Iterator[TimeEntry]:
    for person in book.people:
        if person.story == "late_time" and person.termination:
            days = [add_weekdays(person.termination, 1), add_weekdays(person.termination, 2)]
            project = _running(book, natural, person, days[0], days[1])[0]
            for number, day in enumerate(days):
                yield _entry(project, person, day, "h01_time", approved=number == 0, minutes=360)


def _late_bookings(book: Book, natural: list[Project]) -> Iterator[Assignment]:
    for person in book.people:
        last = person.termination
        if person.story not in ("late_allocation", "allocation_after") or last is None:
            continue
        start = last + timedelta(days=3) if person.story == "allocation_after" else last - timedelta(days=25)
        project = _running(book, natural, person, last - timedelta(days=2), last + timedelta(days=2))[0]
        end = last + timedelta(days=70)
        yield Assignment(
            key=f"{project.key}/{person.key}/late", project=project.key, person=person, start=start, end=end,
            planned_end=end, cut_at=None, share=0.5, works=False,
        )  # fmt: skip


def _forgotten(book: Book, natural: list[Project]) -> tuple[frozenset[str], frozenset[str]]:
    """Project months old enough to count, of hourly projects that ran through all of them."""
    found: dict[str, Project] = {}
    for back in (2, 3, 4):
        month = add_months(first_of_month(book.spec.planted_on), -back)
        for project in natural:
            if (
                project.contract_type == "time_and_materials"
                and project.start <= month
                and project.end >= month_end(month)
            ):
                found.setdefault(f"{project.key}|{month:%Y-%m}", project)
    chosen: list[str] = []
    used: set[str] = set()
    for key in sorted(found, key=lambda k: book.chance.share("forgotten", k)):
        if found[key].key not in used and _stays(found[key]):
            chosen.append(key)
            used.add(found[key].key)
    whole = chosen[: book.spec.each]
    parts = chosen[book.spec.each : 2 * book.spec.each]
    return frozenset(whole), frozenset(f"{key}|{_stays(found[key]).key}" for key in parts)  # type: ignore[union-attr]


def mark_skipped(entries: list[TimeEntry], skipped: frozenset[str]) -> list[TimeEntry]:
    """Mark the first three billable entries of each skipped person and month as never billed."""
    seen: dict[str, int] = {}
    marked = []
    for entry in entries:
        key = f"{entry.project}|{entry.day:%Y-%m}|{entry.person.key}"
        if key in skipped and entry.billable and entry.approved_at and seen.get(key, 0) < 3:
            seen[key] = seen.get(key, 0) + 1
            entry = replace(entry, story="unbilled")
        marked.append(entry)
    return marked
