"""Firm bookings fit what people have to give, except where that was planted; what only looks wrong is there."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from sandbox.firm import plants_tasks
from sandbox.firm.estate import project
from sandbox.firm.ids import Ids
from sandbox.firm.plants_overbook import LOOK_ALIKES, OVERBOOKED
from sandbox.firm.project_bamboohr import employee_id
from sandbox.firm.spec import FirmSpec
from sandbox.firm.world import World, build_world
from tests.sandbox.oracle import Oracle

AS_OF = datetime(2026, 6, 30, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(FirmSpec(1, 60, 18, AS_OF), AS_OF)


@pytest.fixture(scope="module")
def oracle(world: World) -> Oracle:
    return Oracle(project(world, Ids(world)), world.as_of)


def free(oracle: Oracle, own: str, day: date) -> float:
    scheduled = oracle.scheduled(own, day)
    return float(scheduled - min(scheduled, oracle.leave.get((own, day), scheduled * 0)))


def test_bookings_exceed_availability_only_where_planted(world: World, oracle: Oracle) -> None:
    left = {e["id"] for e in oracle.hr["employee"] if e["status"] == "Inactive"}
    hired = {e["id"]: date.fromisoformat(e["hireDate"]) for e in oracle.hr["employee"]}
    kinds = {e["id"]: e["employmentHistoryStatus"] for e in oracle.hr["employee"]}
    over = {
        (own, day - timedelta(days=day.weekday()))
        for (own, day), hours in oracle.hard.items()
        if day > oracle.today and own not in left and kinds[own] != "Contractor" and day >= hired[own]
        and float(hours) > free(oracle, own, day) + 0.01
    }  # fmt: skip
    planted = {
        (employee_id(case.person), case.week) for case in world.overbooking if case.story != "soft_week"
    }
    assert over == planted
    counts = Counter(case.story for case in world.overbooking)
    assert counts == {**dict.fromkeys(OVERBOOKED, world.spec.each), **dict.fromkeys(LOOK_ALIKES, 2)}


def test_what_only_looks_like_overbooking_is_there(world: World, oracle: Oracle) -> None:
    """A part-timer booked across a holiday, a booking that ends on the announced last day, a tentative full week."""
    spans = [(b.person, b.start, b.end_at(AS_OF)) for b in world.bookings if b.end_at(AS_OF) > AS_OF.date()]
    days = [AS_OF.date() + timedelta(days=n) for n in range(1, 57)]
    assert any(
        sum(person.pattern) < 40 and first <= day <= last and person.pattern[day.weekday()]
        and not oracle.scheduled(employee_id(person), day)
        for person, first, last in spans for day in days
    )  # fmt: skip
    assert any(last == person.termination for person, _, last in spans)
    assert [b for b in world.bookings if not b.hard]


def test_tasks_hold_what_is_booked_except_where_planted(world: World, oracle: Oracle) -> None:
    """Every project that is planned by task, running or not, and whoever is on it."""
    counts = Counter(case.story for case in world.task_plans.cases)
    assert counts == {
        **dict.fromkeys(plants_tasks.APART, world.spec.each), **dict.fromkeys(plants_tasks.LOOK_ALIKES, 2)
    }  # fmt: skip
    ids = Ids(world)
    extra = {(ids.workspace(c.project), ids.user(c.person.number)): c.minutes for c in world.task_plans.cases}
    of_task = {row["id"]: row["workspace_id"] for row in oracle.ka["stories"]}
    seats = {row["id"]: (row["workspace_id"], row["user_id"]) for row in oracle.ka["workspace_resources"]}
    tasks: Counter[tuple[str, str]] = Counter()
    for row in oracle.ka["assignments"]:
        tasks[of_task[row["story_id"]], row["assignee_id"]] += row["allocated_minutes"] * row["current"]
    booked: dict[bool, Counter[tuple[str, str]]] = {True: Counter(), False: Counter()}
    for row in oracle.ka["workspace_allocations"]:
        booked[row["hard"]][seats[row["workspace_resource_id"]]] += row["minutes"]
    by_task = {workspace for (workspace, _), minutes in tasks.items() if minutes}
    assert 0.15 * len(world.projects) < len(by_task) < 0.5 * len(world.projects)
    for pair in seats.values():
        if pair[0] in by_task:
            assert tasks[pair] == (booked[True][pair] or booked[False][pair]) + extra.get(pair, 0), pair


def test_what_only_looks_like_a_plan_apart_is_there(world: World, oracle: Oracle) -> None:
    """Tentative hours with tasks, people on tasks without hours, a task somebody was taken off, work booked alone."""
    ids, plans = Ids(world), world.task_plans
    tentative = {b.project for case in world.overbooking for b in case.bookings if not b.hard}
    assert tentative <= plans.planned
    estimated = {ids.workspace(key) for key in plans.estimated}
    of_task = {row["id"]: row["workspace_id"] for row in oracle.ka["stories"]}
    unplanned = [r for r in oracle.ka["assignments"] if not r["allocated_minutes"] and r["estimated_minutes"]]
    assert {of_task[row["story_id"]] for row in unplanned} == estimated
    assert [r for r in oracle.ka["assignments"] if not r["current"] and r["allocated_minutes"]]
    assert {b.project for b in world.bookings} - plans.planned - plans.estimated
