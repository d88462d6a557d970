"""Ground truth of the checks on time, rates and people: cost rates (R03)."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.firm.discrepancy import Discrepancy, record
from sandbox.firm.group import BAMBOOHR
from sandbox.firm.pay import FAULTS
from sandbox.firm.project_bamboohr import employee_id
from sandbox.firm.world import World

_REASONS = dict(zip(FAULTS, ("missing", "late", "zero", "stale", "psa_missing", "psa_differs"), strict=True))


def time_truth(world: World) -> Iterator[Discrepancy]:
    """What must be found about time, rates and people."""
    yield from _cost_rates(world)


def _cost_rates(world: World) -> Iterator[Discrepancy]:
    for person in world.people:
        fault = world.payroll.faults.get(person.key)
        if fault:
            own = employee_id(person)
            yield Discrepancy(
                "R03", f"{BAMBOOHR}:{own}|{_REASONS[fault]}", "", fault, None, None,
                "cost rate of a person who books time", [record(BAMBOOHR, "employee", own)],
            )  # fmt: skip
