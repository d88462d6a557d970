"""The breaker as a pure function: when it opens, for how long, and what closes it."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from reverse_etl.breaker import FAILURES_TO_OPEN, REFUSALS_TO_OPEN, Health, Signal, after, position
from reverse_etl.retry import backoff
from tests.reverse_etl.factories import START

FAILED, REFUSED, ANSWERED = (
    Signal(kind="failed", words="down"),
    Signal(kind="refused"),
    Signal(kind="answered"),
)
KINDS = st.sampled_from(["answered", "failed", "stop", "refused"])


def run(signals, health=None, now=START):
    health = health or Health()
    for signal in signals:
        health = after(health, signal, now)
    return health


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ([FAILED] * (FAILURES_TO_OPEN - 1), "closed"),
        ([FAILED] * FAILURES_TO_OPEN, "open"),
        ([FAILED, FAILED, ANSWERED, FAILED, FAILED], "closed"),
        ([FAILED, FAILED, REFUSED, FAILED, FAILED], "closed"),
        ([REFUSED] * (REFUSALS_TO_OPEN - 1), "closed"),
        ([REFUSED] * REFUSALS_TO_OPEN, "open"),
        ([Signal(kind="stop")], "open"),
    ],
)
def test_what_opens_it(signals, expected):
    assert position(run(signals), START) == expected


def test_it_waits_as_long_as_the_vendor_asks():
    health = run([Signal(kind="stop", wait=timedelta(minutes=7))])
    assert position(health, START + timedelta(minutes=7, seconds=-1)) == "open"
    assert position(health, START + timedelta(minutes=7)) == "half_open"


def test_a_failed_trial_opens_it_for_longer_and_a_good_one_closes_it():
    health = run([FAILED] * FAILURES_TO_OPEN)
    trial = health.open_until
    again = after(health, FAILED, trial)
    assert again.open_until - trial == backoff(2) > backoff(1)
    assert position(after(again, ANSWERED, again.open_until), again.open_until) == "closed"


def test_a_refused_record_proves_that_a_failing_instance_works_again():
    health = run([FAILED] * FAILURES_TO_OPEN)
    assert position(after(health, REFUSED, health.open_until), health.open_until) == "closed"


@given(st.lists(st.tuples(KINDS, st.integers(0, 3_600))))
def test_it_never_stays_open_for_ever_and_an_answer_always_closes_it(steps):
    health, now = Health(), START
    for kind, seconds in steps:
        now += timedelta(seconds=seconds)
        health = after(health, Signal(kind=kind), now)
        if health.open_until is not None:
            assert position(health, health.open_until) == "half_open"
    assert position(after(health, ANSWERED, now), now) == "closed"
