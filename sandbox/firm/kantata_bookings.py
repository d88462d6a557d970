"""Bookings as Kantata shows them: a seat for each person on a project, with its allocations."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.firm.bookings import booked_minutes
from sandbox.firm.days import stamp
from sandbox.firm.group import UNITS
from sandbox.firm.ids import Ids
from sandbox.firm.projects import Assignment, Project
from sandbox.firm.timesheets import entry_rate
from sandbox.firm.world import World

Row = dict[str, Any]


def bookings(world: World, ids: Ids) -> tuple[list[Row], list[Row]]:
    """Seats on projects, and the allocations of each."""
    resources: dict[tuple[str, str], Row] = {}
    allocations = []
    for booking in sorted(world.bookings, key=lambda b: int(ids.bookings[b.key])):
        made = stamp(ids.booked_at(booking.key) + timedelta(minutes=45))
        pair = (booking.project, booking.person.key)
        if pair not in resources:
            resources[pair] = {
                "id": ids.bookings[booking.key], "workspace_id": ids.workspace(booking.project),
                "user_id": ids.user(booking.person.number), "role_id": ids.role(booking.person.role),
                "resource_bill_rate": _override(world.projects[booking.project], booking.person.role),
                "resource_cost_rate": None, "created_at": made, "updated_at": made,
            }  # fmt: skip
        allocations.append(_allocation(world, ids, booking, resources[pair]["id"], made))
    return list(resources.values()), allocations


def _override(project: Project, role: str) -> str | None:
    """A rate agreed for this person on this project, in main units."""
    if project.story != "r02_override":
        return None
    return str(Decimal(entry_rate(project, role, project.start)) / UNITS[project.currency])


def _allocation(world: World, ids: Ids, booking: Assignment, resource: str, made: str) -> Row:
    end = booking.end_at(world.as_of)
    minutes = booked_minutes(booking, end)  # none is left of a booking that began after the last day
    end = max(end, booking.start)
    cut = booking.cut_at if booking.cut_at and booking.cut_at <= world.as_of else None
    return {
        "id": ids.bookings[booking.key], "workspace_resource_id": resource,
        "workspace_id": ids.workspace(booking.project),
        "start_date": booking.start.isoformat(), "end_date": end.isoformat(), "notes": None, "minutes": minutes,
        "hard": booking.hard, "created_at": made, "updated_at": max(made, stamp(cut)) if cut else made,
    }  # fmt: skip
