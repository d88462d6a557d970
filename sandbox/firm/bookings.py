"""Firm bookings as the PSA holds them: only hours that the person has, and none over planned leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from sandbox.firm.days import ONE_DAY, holidays
from sandbox.firm.group import ENTITIES
from sandbox.firm.leave import planned_absence
from sandbox.firm.people import Person
from sandbox.firm.projects import Assignment, Project
from sandbox.firm.staffing import Book

#: Shares of a working day are counted in parts of this; a little of each day stays free.
WHOLE = 10_000
_MOST = 9_900


def firm_bookings(book: Book, projects: Iterable[Project]) -> list[Assignment]:
    """Every assignment as bookings that fit: one for each stretch of days with the same share of the day.

    Small side work is booked first, the main work gets what is left. Nothing here depends on the moment.
    """
    teams: dict[str, list[Assignment]] = defaultdict(list)
    for project in projects:
        for assignment in project.team:
            teams[assignment.person.key].append(assignment)
    found: list[Assignment] = []
    for mine in teams.values():
        last = max(assignment.planned_end for assignment in mine)
        away = planned_absence(book.spec, book.chance, mine[0].person, last)
        used: dict[date, int] = defaultdict(int)
        for assignment in sorted(mine, key=lambda a: (a.daily_minutes is None, a.start, a.key)):
            found.extend(_pieces(assignment, away, used))
    return found


def working_days(person: Person, first: date, last: date) -> Iterator[date]:
    """Days of the person's pattern that are no holiday, both ends included."""
    closed = holidays().get(ENTITIES[person.entity].calendar, {})
    day = first
    while day <= last:
        if person.pattern[day.weekday()] and day not in closed:
            yield day
        day += ONE_DAY


def booked_minutes(booking: Assignment, last: date) -> int:
    """What a booking holds from its start to that day."""
    days = list(working_days(booking.person, booking.start, last))
    if booking.daily_minutes is not None:
        return booking.daily_minutes * len(days)
    scheduled = sum(booking.person.pattern[day.weekday()] for day in days) * 60
    return scheduled * round(booking.share * WHOLE) // WHOLE


def _pieces(assignment: Assignment, away: frozenset[date], used: dict[date, int]) -> Iterator[Assignment]:
    runs: list[tuple[date, date, int]] = []
    for day in working_days(assignment.person, assignment.start, assignment.planned_end):
        share = 0 if day in away else max(0, min(_wanted(assignment, day), _MOST - used[day]))
        used[day] += share
        if runs and runs[-1][2] == share:
            runs[-1] = (runs[-1][0], day, share)
        else:
            runs.append((day, day, share))
    for number, (first, last, share) in enumerate(run for run in runs if run[2]):
        cut = assignment.cut_at is not None and assignment.end < last
        yield replace(
            assignment, key=f"{assignment.key}/{number}" if number else assignment.key, start=first,
            end=assignment.end if cut else last, planned_end=last, cut_at=assignment.cut_at if cut else None,
            share=share / WHOLE, daily_minutes=None,
        )  # fmt: skip


def _wanted(assignment: Assignment, day: date) -> int:
    if assignment.daily_minutes is None:
        return round(assignment.share * WHOLE)
    return assignment.daily_minutes * WHOLE // (assignment.person.pattern[day.weekday()] * 60)
