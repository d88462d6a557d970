"""Write-back against everything that can go wrong at once: the invariants hold, and can fail."""

from __future__ import annotations

import io
from concurrent.futures import ProcessPoolExecutor

import pytest
from rich.console import Console

from tests.chaos.__main__ import coverage_table, examine
from tests.chaos.invariants import INVARIANTS, broken
from tests.chaos.mutants import MUTANTS
from tests.chaos.points import CALLS, Coverage, persistence_points
from tests.chaos.simulation import played
from tests.chaos.vendor import FAULTS

SEEDS = 252
RARE = range(510, 511)
"""A death right after a saga was proved: hardly any run comes by it."""
ONCE_BROKEN = (467, 1053, 1096, 1111, 1452, 1946)
"""A step rolled back by a person before its saga saw it; a before-image taken from a write that was turned away."""
CAUGHT_WITHIN = 60


@pytest.fixture(scope="module")
def examined():
    """Coverage and failures of the seeds that every build plays."""
    coverage, failures = Coverage(), {}
    with ProcessPoolExecutor(2) as pool:
        single = [RARE, *(range(seed, seed + 1) for seed in ONCE_BROKEN)]
        for _, part, found in pool.map(examine, [*(range(n, n + 12) for n in range(0, SEEDS, 12)), *single]):
            coverage.add(part)
            failures |= found
    return coverage, failures


@pytest.mark.slow
def test_every_invariant_holds_whatever_goes_wrong(examined):
    _, failures = examined
    assert not failures, "\n".join(f"make chaos SEED={seed}: {words}" for seed, words in failures.items())


@pytest.mark.slow
def test_a_process_died_before_and_after_every_persistence_point(examined, record_property):
    coverage, _ = examined
    paper = io.StringIO()
    Console(file=paper, width=110).print(coverage_table(coverage))
    record_property("report", paper.getvalue())
    assert coverage.missing(persistence_points()) == []


@pytest.mark.slow
def test_every_kind_of_fault_was_injected(examined):
    coverage, _ = examined
    kinds = {f"{call}: {kind}" for call, listed in FAULTS.items() for kind in listed}
    assert kinds - set(coverage.faults) == set()


@pytest.mark.slow
def test_only_known_points_were_passed(examined):
    coverage, _ = examined
    assert {point for point, _, _ in coverage.passed} <= set(persistence_points())


def test_the_points_are_read_from_the_source():
    points = persistence_points()
    assert {"delivery.Delivery.claim", "outbox.Outbox.approve", *CALLS} <= set(points)


@pytest.mark.parametrize("seed", [3, 17, 41])
def test_the_same_seed_takes_the_same_course(seed):
    courses = []
    for _ in range(2):
        with played(seed) as run:
            courses.append(list(run.trace))
    assert courses[0] == courses[1]
    assert len(courses[0]) > 50


def test_another_seed_takes_another_course():
    with played(1) as one, played(2) as two:
        assert one.digest != two.digest


def test_every_invariant_has_a_defect_that_it_must_catch():
    assert set(MUTANTS) == {check.__name__ for check in INVARIANTS}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_defect_is_caught(name):
    assert any(_finds(seed, name) for seed in range(CAUGHT_WITHIN)), f"{name} never fired"


def _finds(seed: int, name: str) -> bool:
    with played(seed, MUTANTS[name]) as run:
        return any(words.startswith(f"{name}:") for words in broken(run))
