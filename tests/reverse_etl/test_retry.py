"""The table of failures and what follows each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors import errors
from reverse_etl.retry import MAX_ATTEMPTS, backoff, decide


def make(kind, **facts):
    return kind("words", instance="x", **facts)


@pytest.mark.parametrize(
    ("error", "is_sent", "action", "name", "is_whole"),
    [
        (make(errors.TransientError), False, "retry", "transient", True),
        (make(errors.TransientError), True, "retry", "transient", True),
        (make(errors.RateLimitedError), True, "retry", "rate_limited", True),
        (make(errors.UnauthorizedError), False, "retry", "unauthorized", True),
        (make(errors.UnauthorizedError), True, "retry", "unauthorized", True),
        (make(errors.UnknownOutcomeError), True, "look", "unknown_outcome", True),
        (make(errors.UnknownOutcomeError), False, "retry", "unknown_outcome", False),
        (make(errors.MalformedResponseError), False, "retry", "malformed_response", False),
        (make(errors.MalformedResponseError), True, "look", "malformed_response", True),
        (make(errors.ConflictError), True, "conflict", "conflict", False),
        (make(errors.ValidationError), True, "dead_letter", "validation", False),
        (make(errors.NotFoundError), False, "dead_letter", "not_found", False),
        (make(errors.PermanentError), True, "dead_letter", "permanent", False),
        (ValueError("bug"), False, "dead_letter", "value", False),
        (ValueError("bug"), True, "look", "value", True),
    ],
)
def test_what_follows_a_failure(error, is_sent, action, name, is_whole):
    decision = decide(error, 1, is_sent=is_sent)
    assert (decision.action, decision.error_class, decision.is_instance_wide) == (action, name, is_whole)
    assert (decision.delay is not None) == (action in ("retry", "look"))


def test_patience_ends():
    assert decide(make(errors.TransientError), MAX_ATTEMPTS, is_sent=False).action == "dead_letter"
    assert decide(make(errors.UnknownOutcomeError), MAX_ATTEMPTS, is_sent=True).action == "dead_letter"


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (20, 1800)])
def test_delays_double_up_to_half_an_hour(attempts, seconds):
    assert backoff(attempts) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("advice", "seconds"), [(60, 60), (1, 5), (0, 5), (None, 5)])
def test_the_vendors_advice_is_honoured_and_zero_is_not_trusted(advice, seconds):
    decision = decide(make(errors.RateLimitedError, retry_after=advice), 1, is_sent=False)
    assert decision.delay == timedelta(seconds=seconds)
