"""People on tasks as Kantata shows them: the hours they have booked on the project, except where planted."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sandbox.firm.days import stamp
from sandbox.firm.ids import Ids, rank
from sandbox.firm.plants_tasks import TaskCase
from sandbox.firm.projects import Project
from sandbox.firm.world import World

Row = dict[str, Any]
_FIRST_TASK, _SECOND_TASK, _LEFT_TASK = 2, 1, 0  # places among a project's phases
_MADE_AFTER = timedelta(minutes=50)


def task_assignments(world: World, ids: Ids, seats: list[Row], allocations: list[Row]) -> list[Row]:
    """The collection `assignments`, from the seats and bookings shown beside it."""
    plans = world.task_plans
    held: dict[str, list[Row]] = defaultdict(list)
    for allocation in allocations:
        held[allocation["workspace_resource_id"]].append(allocation)
    cases = {(ids.workspace(c.project), ids.user(c.person.number)): c for c in plans.cases}
    projects = {ids.workspace(key): world.projects[key] for key in plans.planned | plans.estimated}
    made = [
        one
        for seat in seats
        if (project := projects.get(seat["workspace_id"]))
        for one in _of_seat(
            ids, project, seat, held[seat["id"]], cases.get((seat["workspace_id"], seat["user_id"])),
            by_day=project.key in plans.planned,
        )
    ]  # fmt: skip
    numbers = rank(((at, key) for at, key, _ in made), 2001)
    return [{"id": numbers[key], **row} for _, key, row in made]


def _of_seat(
    ids: Ids, project: Project, seat: Row, held: list[Row], case: TaskCase | None, *, by_day: bool
) -> list[tuple[datetime, str, Row]]:
    """(made at, key, row): one task, for every third person two; tentative hours only where nothing is firm."""
    firm = [row for row in held if row["hard"]]
    minutes = sum(row["minutes"] for row in firm or held) + (case.minutes if case else 0)
    parts = [(_FIRST_TASK, minutes, True)]
    if int(seat["user_id"]) % 3 == 0:
        parts = [(_FIRST_TASK, minutes - minutes // 4, True), (_SECOND_TASK, minutes // 4, True)]
    if case and case.story == "tasks_moved":
        parts.append((_LEFT_TASK, 1800, False))
    at = project.opened_at + _MADE_AFTER
    changed = max(stamp(at), *(row["updated_at"] for row in held))
    return [
        (at, f"{seat['id']}/{task}", {
            "story_id": ids.story(project.key, task), "assignee_id": seat["user_id"],
            "estimated_minutes": part, "allocated_minutes": part if by_day else 0, "current": current,
            "created_at": stamp(at), "updated_at": changed,
        })
        for task, part, current in parts
    ]  # fmt: skip
