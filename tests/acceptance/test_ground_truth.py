"""Every planted discrepancy is found and nothing else is, on several firms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.truth import judge

# `make truth` judges five seeds of 60, 300 and 2,000 people; here is what fits into a run of all tests
FIRMS = [(1, 60), (2, 60), (3, 60), (4, 60), (5, 60), (1, 300)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "people"), FIRMS, ids=[f"seed{seed}-{people}people" for seed, people in FIRMS]
)
def test_findings_are_exactly_the_planted_discrepancies(
    tmp_path: Path, record_property: Callable[[str, object], None], seed: int, people: int
) -> None:
    judgement = judge(tmp_path, seed=seed, people=people, unit_tests=(seed, people) == FIRMS[0])
    record_property("report", "\n".join([f"seed {seed}, {people} people", *judgement.table()]))
    assert judgement.faults == {}
