"""What follows an attempt to deliver an event: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

_BASE = timedelta(seconds=10)
_LONGEST = timedelta(hours=2)
# The receiver read this one event and will not have it; waiting changes nothing.
_REFUSED = frozenset({400, 409, 410, 413, 415, 422})

Action = Literal["delivered", "retry", "dead_letter"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: a status, or none and why (`error_class`); `retry_after` as the receiver asked."""

    status: int | None
    error_class: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do. `is_receiver_wide`: the receiver as a whole is in trouble, so the rest waits as well."""

    action: Action
    error_class: str | None = None
    delay: timedelta | None = None
    is_receiver_wide: bool = False


def backoff(attempts: int) -> timedelta:
    """10 s, 20 s, 40 s ... up to 2 h; `attempts` counts the one that just failed."""
    return min(_BASE * 2 ** min(max(attempts - 1, 0), 20), _LONGEST)


def decide(answer: Answer, attempts: int, max_attempts: int) -> Decision:
    """Decide after `attempts` tries, this one included."""
    if answer.status is not None and 200 <= answer.status < 300:
        return Decision(action="delivered")
    error_class = answer.error_class or f"http_{answer.status}"
    if answer.status in _REFUSED:
        return Decision(action="dead_letter", error_class=error_class)
    if attempts >= max_attempts:
        return Decision(action="dead_letter", error_class=error_class, is_receiver_wide=True)
    delay = max(backoff(attempts), answer.retry_after or timedelta())
    return Decision(
        action="retry", error_class=error_class, delay=min(delay, _LONGEST), is_receiver_wide=True
    )
