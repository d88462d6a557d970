"""Planted task plans (H02): hours on tasks that are not those firmly booked, and plans that only look like it.

Chosen on the planting day among people who stay, on ordinary projects. A case changes what the tasks of one person
on one project hold; the bookings stay as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sandbox.firm.bookings import booked_minutes
from sandbox.firm.people import Person
from sandbox.firm.plants_overbook import Overbooking
from sandbox.firm.projects import Assignment, Project
from sandbox.firm.staffing import Book

#: More hours on tasks than firmly booked, and fewer.
APART = {"h02_tasks_more": 1500, "h02_tasks_less": -1200}
#: Less than the limit apart; taken off a task; a project that is over; somebody who has left.
LOOK_ALIKES = {"tasks_rounded": 45, "tasks_moved": 0, "tasks_ended": 1500, "tasks_left": 1500}
_LEAST = 3000  # minutes booked, so that fewer remain some
_AHEAD = timedelta(days=30)
_BACK = timedelta(days=35)
_SHARE = 0.4  # of the ordinary projects


@dataclass(frozen=True)
class TaskCase:
    """One person on one project, and by how many minutes the tasks hold more than is booked."""

    story: str
    project: str
    person: Person
    minutes: int


@dataclass(frozen=True)
class TaskPlans:
    """Which projects are planned by task, and where the plan is not what is booked."""

    planned: frozenset[str]  # projects
    estimated: frozenset[str]  # projects whose tasks have people and estimates, and no hours planned by day
    cases: tuple[TaskCase, ...]


def plan_tasks(
    book: Book, projects: Mapping[str, Project], bookings: Iterable[Assignment],
    late: Iterable[Assignment], overbooking: Iterable[Overbooking],
) -> TaskPlans:  # fmt: skip
    """The plans of every project; cases follow from what is known on the planting day: later days repeat them.

    `late` are the bookings of people who have left, `overbooking` the cases whose tentative bookings get tasks too.
    """
    planted = book.spec.planted_at
    natural = {p.key: p for p in projects.values() if not p.story}
    chosen = {key for key in natural if book.chance.hit(_SHARE, "task plan", key)}
    known = [p for p in natural.values() if p.opened_at <= planted and p.start <= planted.date()]
    tentative = {b.project for case in overbooking for b in case.bookings if not b.hard}
    left = [(b.project, b.person) for b in late][:2]
    running = book.chance.order([p for p in known if p.end >= planted.date() + _AHEAD], "task cases")
    ended = book.chance.order(
        [p for p in known if planted.date() - _BACK <= p.end < planted.date()], "task cases"
    )
    cases = [TaskCase("tasks_left", key, who, LOOK_ALIKES["tasks_left"]) for key, who in left]
    cases += _cases(book, running, ended, bookings)
    forced = {case.project for case in cases} | tentative
    estimated = [p.key for p in running if p.key not in chosen | forced][:2]
    return TaskPlans(frozenset(chosen | forced), frozenset(estimated), tuple(cases))


def _cases(
    book: Book, running: list[Project], ended: list[Project], bookings: Iterable[Assignment]
) -> Iterator[TaskCase]:
    """Each on a person and project of its own."""
    minutes: dict[tuple[str, str], list[Assignment]] = defaultdict(list)
    for booking in bookings:
        minutes[booking.project, booking.person.key].append(booking)
    open_seats, past_seats = (_seats(listed, minutes) for listed in (running, ended))
    for story in (*APART, "tasks_rounded", "tasks_moved", "tasks_ended"):
        seats = past_seats if story == "tasks_ended" else open_seats
        for project, person in islice(seats, book.spec.each if story in APART else 2):
            yield TaskCase(story, project.key, person, (APART | LOOK_ALIKES)[story])


def _seats(
    projects: list[Project], bookings: Mapping[tuple[str, str], list[Assignment]]
) -> Iterator[tuple[Project, Person]]:
    """People who stay, with enough booked; the first of each team before the second of any."""
    teams = [
        [a.person for a in p.team if a.person.termination is None and not a.person.story] for p in projects
    ]
    for place in range(max(map(len, teams), default=0)):
        for project, team in zip(projects, teams, strict=True):
            if place < len(team):
                held = bookings[project.key, team[place].key]
                if sum(booked_minutes(b, b.planned_end) for b in held) >= _LEAST:
                    yield project, team[place]
