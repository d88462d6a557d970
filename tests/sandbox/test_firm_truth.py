"""The generated rows break the checks exactly where the ground truth says, and nowhere else."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.firm.estate import project
from sandbox.firm.ids import Ids
from sandbox.firm.spec import FirmSpec
from sandbox.firm.truth import ground_truth
from sandbox.firm.world import build_world
from tests.sandbox.oracle import Oracle

AS_OF = datetime(2026, 6, 30, 18, tzinfo=UTC)
CHECKS = (
    "C01",
    "C02",
    "C03",
    "C04",
    "C05",
    "C06",
    "T01",
    "T02",
    "T03",
    "T04",
    "R01",
    "R02",
    "R03",
    "B01",
    "B02",
    "B03",
    "B04",
    "B05",
    "H01",
    "H02",
    "X01",
    "X02",
    "X03",
)


@pytest.mark.parametrize("days", [0, 7])
@pytest.mark.parametrize(
    ("seed", "people"),
    # The checks themselves are held against the truth at 300 people of every seed; the oracle at one says enough.
    [(1, 60), (2, 60), (3, 60), pytest.param(1, 300, marks=pytest.mark.slow)],
)
def test_rows_break_the_checks_exactly_where_the_truth_says(seed: int, people: int, days: int) -> None:
    world = build_world(FirmSpec(seed, people, 18, AS_OF), AS_OF + timedelta(days=days))
    truth = ground_truth(world, Ids(world))
    oracle = Oracle(project(world, Ids(world)), world.as_of)
    wrong = {}
    for check in CHECKS:
        expected = {(d.matching_key, d.period) for d in truth if d.check_id == check}
        found = getattr(oracle, check.lower())()
        if found != expected:
            wrong[check] = {"missed": sorted(expected - found)[:9], "too many": sorted(found - expected)[:9]}
    assert wrong == {}
    kinds = Counter((d.check_id, d.kind) for d in truth)
    assert set(CHECKS) == {check for check, _ in kinds}
    planted = [count for (_, kind), count in kinds.items() if not kind.startswith("drift")]
    assert min(planted) >= (2 if days == 0 else 1), kinds


def test_no_discrepancy_is_listed_twice() -> None:
    world = build_world(FirmSpec(1, 60, 18, AS_OF), AS_OF)
    keys = Counter((d.check_id, d.matching_key, d.period) for d in ground_truth(world, Ids(world)))
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize("seed", [2, 3])
def test_a_rate_grows_old_only_of_somebody_who_was_paid_before(seed: int) -> None:
    """A firm whose books begin nine months ago has people too new for a rate that old."""
    world = build_world(FirmSpec(seed, 60, 9, AS_OF), AS_OF)
    paid = {pay.person.key for pay in world.payroll.rows}
    stale = {key for key, fault in world.payroll.faults.items() if fault == "r03_stale"}
    assert stale
    assert stale <= paid
