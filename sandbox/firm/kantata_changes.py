"""Changes of scope as Kantata shows them: a task each, and the project's price and end as they stand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sandbox.firm.changes import moved
from sandbox.firm.contract_cases import CHANGE_TASK
from sandbox.firm.days import stamp
from sandbox.firm.ids import Ids
from sandbox.firm.projects import ChangeRequest, Project
from sandbox.firm.world import World

Row = dict[str, Any]


def price_shown(world: World, project: Project, at: datetime | None = None) -> int:
    """The price of the workspace: agreed, plus what was carried through, plus what was mistyped."""
    changes = world.changes_of(project=project.key)
    return project.price + project.psa_error + moved(changes, "budget", at or world.as_of)


def planned_end(world: World, project: Project, at: datetime | None = None) -> date:
    """The due date of the workspace."""
    days = moved(world.changes_of(project=project.key), "plan", at or world.as_of)
    return project.end + timedelta(days=days)


def change_task(ids: Ids, change: ChangeRequest) -> str:
    """The story on which the work of a change is booked."""
    return ids.story(change.project, CHANGE_TASK + change.number)


def change_tasks(world: World, ids: Ids) -> list[Row]:
    """One task for each change, made when it is raised."""
    return [
        {
            "id": change_task(ids, change), "workspace_id": ids.workspace(change.project), "parent_id": None,
            "title": change.description[:90], "story_type": "task", "state": "started",
            "start_date": change.created_at.date().isoformat(), "due_date": None, "deleted_at": None,
            "percentage_complete": None, "billable": True, "fixed_fee": change.scheduled, "archived": False,
            "budget_estimate_in_cents": change.amount if change.amount > 0 else None,
            "time_estimate_in_minutes": None, "created_at": stamp(change.created_at),
            "updated_at": stamp(change.created_at),
        }
        for change in world.changes
    ]  # fmt: skip
