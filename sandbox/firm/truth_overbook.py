"""Ground truth of overbooking (H02): a finding for each person and week, and each person and project planned apart."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.firm.discrepancy import Discrepancy, record
from sandbox.firm.group import BAMBOOHR, KANTATA
from sandbox.firm.ids import Ids
from sandbox.firm.plants_overbook import OVERBOOKED
from sandbox.firm.plants_tasks import APART
from sandbox.firm.project_bamboohr import employee_id
from sandbox.firm.world import World


def overbooking_truth(world: World, ids: Ids) -> Iterator[Discrepancy]:
    """What must be found about bookings beyond availability, while enough of the week lies ahead, and task plans."""
    for case in world.overbooking:
        if case.story in OVERBOOKED and world.as_of.date() < case.last_day:
            own = employee_id(case.person)
            yield Discrepancy(
                "H02", f"{BAMBOOHR}:{own}", case.week.isoformat(), case.story, None, None,
                "firmly booked beyond what there is to give",
                [
                    record(BAMBOOHR, "employee", own),
                    *(record(KANTATA, "workspace_allocations", ids.bookings[b.key]) for b in case.bookings),
                ],
            )  # fmt: skip
    yield from _tasks_apart(world, ids)


def _tasks_apart(world: World, ids: Ids) -> Iterator[Discrepancy]:
    """Plans that differ from what is booked, while the project runs."""
    for case in world.task_plans.cases:
        if case.story in APART and world.as_of.date() < world.projects[case.project].end:
            own, workspace = employee_id(case.person), ids.workspace(case.project)
            yield Discrepancy(
                "H02", f"{BAMBOOHR}:{own}|{KANTATA}:{workspace}", "", case.story, None, None,
                f"tasks hold {case.minutes / 60:+.2f} hours beside what is firmly booked",
                [record(BAMBOOHR, "employee", own), record(KANTATA, "workspaces", workspace)],
                severity="S3",
            )  # fmt: skip
