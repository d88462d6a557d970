"""The shared API budget against a vendor that counts calls in any one second."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.budget import Budget

LIMIT = 10
UP_TO_50_MS = st.integers(min_value=0, max_value=50).map(lambda milliseconds: milliseconds / 1000)


class Host:
    """A clock that moves when somebody sleeps, and sleeps that last longer than asked."""

    def __init__(self, oversleeps: Iterator[float]) -> None:
        self.now = 1_000_000.0
        self._oversleeps = oversleeps

    def clock(self) -> float:
        """Seconds now."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on, and a little further."""
        self.now += seconds + next(self._oversleeps, 0.0)


def arrivals(budget: Budget, host: Host, transits: list[float]) -> list[float]:
    """When the vendor sees each of these calls, made one after the other."""
    seen = []
    for transit in transits:
        with budget.call():
            host.now += transit
            seen.append(host.now)
    return seen


@settings(max_examples=25, deadline=None)
@given(
    oversleeps=st.lists(UP_TO_50_MS, max_size=40),
    transits=st.lists(UP_TO_50_MS, min_size=2 * LIMIT, max_size=40),
)
def test_late_calls_do_not_bunch_above_the_vendors_limit(
    oversleeps: list[float], transits: list[float]
) -> None:
    """However late a call leaves or arrives, no second holds more calls than the limit."""
    with TemporaryDirectory() as folder:
        host = Host(iter(oversleeps))
        budget = Budget(
            Path(folder), "crm", max_concurrent=1, per_second=LIMIT, clock=host.clock, sleep=host.sleep
        )
        seen = arrivals(budget, host, transits)
    spans = [later - earlier for earlier, later in zip(seen, seen[LIMIT:], strict=False)]
    assert all(span >= 1 - 1e-6 for span in spans)


def test_calls_are_spread_evenly_and_use_the_whole_limit(tmp_path: Path) -> None:
    """Calls that leave on time come 1 / limit apart: no burst at the start of a second, no time lost."""
    host = Host(iter(()))
    budget = Budget(tmp_path, "crm", max_concurrent=1, per_second=LIMIT, clock=host.clock, sleep=host.sleep)
    seen = arrivals(budget, host, [0.0] * 30)
    assert {round(later - earlier, 6) for earlier, later in pairwise(seen)} == {1 / LIMIT}


def test_a_call_whose_process_died_holds_nobody_up(tmp_path: Path) -> None:
    """A reply that never came counts as arrived a moment after it was sent."""
    host = Host(iter(()))
    first = Budget(tmp_path, "crm", max_concurrent=2, per_second=1, clock=host.clock, sleep=host.sleep)
    abandoned = first.call()
    abandoned.__enter__()
    second = Budget(tmp_path, "crm", max_concurrent=2, per_second=1, clock=host.clock, sleep=host.sleep)
    before = host.now
    with second.call():
        assert 1 <= host.now - before <= 1.1
    abandoned.__exit__(None, None, None)
