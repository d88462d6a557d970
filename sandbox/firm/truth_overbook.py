"""Ground truth of overbooking (H02): one finding for each person and week, while enough of the week lies ahead."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.firm.discrepancy import Discrepancy, record
from sandbox.firm.group import BAMBOOHR, KANTATA
from sandbox.firm.ids import Ids
from sandbox.firm.plants_overbook import OVERBOOKED
from sandbox.firm.project_bamboohr import employee_id
from sandbox.firm.world import World


def overbooking_truth(world: World, ids: Ids) -> Iterator[Discrepancy]:
    """What must be found about bookings beyond availability."""
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
