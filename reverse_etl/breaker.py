"""When to stop calling an instance that keeps failing, and when to try again: pure functions of facts and time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from reverse_etl.retry import backoff

Position = Literal["closed", "open", "half_open"]
Kind = Literal["answered", "failed", "stop", "refused"]

FAILURES_TO_OPEN = 3
REFUSALS_TO_OPEN = 25


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What one finished attempt says about its instance as a whole.

    ``answered``: it works. ``failed``: it did not work (5xx, no connection, a lost reply). ``stop``: bad
    credentials or "slow down", which no further call can better. ``refused``: it works and refused this record.
    """

    kind: Kind
    error_class: str | None = None
    words: str | None = None
    wait: timedelta = timedelta(0)
    """How long the vendor asked us to wait."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """What the last attempts at an instance add up to."""

    failures: int = 0
    """Consecutive failures of the instance."""
    refusals: int = 0
    """Consecutive refusals of records; many in a row are a changed rule or right, not bad records."""
    openings: int = 0
    """How often the breaker opened since the instance last answered; each opening lasts longer."""
    open_until: datetime | None = None
    error_class: str | None = None
    words: str | None = None


def position(health: Health, now: datetime) -> Position:
    """``closed``: call freely. ``open``: leave it alone. ``half_open``: one trial at a time."""
    if health.open_until is None:
        return "closed"
    return "open" if now < health.open_until else "half_open"


def after(health: Health, signal: Signal, now: datetime) -> Health:
    """The health after one more attempt. A success closes the breaker, a failed trial opens it for longer."""
    if signal.kind == "answered":
        return Health()
    counted = replace(
        health,
        failures=0 if signal.kind == "refused" else health.failures + 1,
        refusals=health.refusals + 1 if signal.kind == "refused" else health.refusals,
        error_class=signal.error_class,
        words=signal.words,
    )
    is_trial = health.open_until is not None
    if signal.kind == "refused" and is_trial and health.refusals < REFUSALS_TO_OPEN:
        return replace(counted, openings=0, open_until=None)
    has_enough = counted.failures >= FAILURES_TO_OPEN or counted.refusals >= REFUSALS_TO_OPEN
    if not (is_trial or has_enough or signal.kind == "stop"):
        return counted
    openings = health.openings + 1
    until = now + max(backoff(openings), signal.wait)
    return replace(counted, openings=openings, open_until=max(until, health.open_until or until))
