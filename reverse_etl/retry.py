"""What to do after a failed attempt: a pure decision, made in one place for every vendor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from connectors import errors

MAX_ATTEMPTS = 8
_BASE = timedelta(seconds=5)
_LONGEST = timedelta(minutes=30)

Action = Literal["retry", "look", "conflict", "dead_letter"]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What follows a failure. `delay` is set for ``retry`` and ``look``."""

    action: Action
    error_class: str
    delay: timedelta | None = None
    is_instance_wide: bool = False
    """The instance as a whole is in trouble, not this record."""


def backoff(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s ... up to 30 min; `attempts` counts the one that just failed."""
    return min(_BASE * 2 ** max(attempts - 1, 0), _LONGEST)


def decide(error: Exception, attempts: int, *, is_sent: bool, max_attempts: int = MAX_ATTEMPTS) -> Decision:
    """Decide what follows `error`, where `attempts` counts the failed one.

    `is_sent` says whether a write may have left us: then nothing short of a definite refusal allows a rewrite.
    """
    name = _error_class(error)
    if isinstance(error, errors.ConflictError):
        return Decision(action="conflict", error_class=name)
    if is_sent and is_unknown(error):
        return _later("look", name, attempts, max_attempts, is_instance_wide=True)
    if isinstance(error, errors.TransientError):
        return _later("retry", name, attempts, max_attempts, _advice(error), is_instance_wide=True)
    if isinstance(error, errors.UnauthorizedError):
        return _later("retry", name, attempts, max_attempts, is_instance_wide=True)
    if isinstance(error, errors.MalformedResponseError | errors.UnknownOutcomeError):
        return _later("retry", name, attempts, max_attempts)
    return Decision(action="dead_letter", error_class=name)


def is_unknown(error: Exception) -> bool:
    """Whether a write that failed like this may have been applied: anything but a definite "not done"."""
    return not isinstance(error, errors.PermanentError | errors.TransientError)


def _advice(error: Exception) -> timedelta | None:
    seconds = getattr(error, "retry_after", None)
    return timedelta(seconds=float(seconds)) if seconds else None


def _later(
    action: Action,
    name: str,
    attempts: int,
    max_attempts: int,
    advice: timedelta | None = None,
    *,
    is_instance_wide: bool = False,
) -> Decision:
    if attempts >= max_attempts:
        return Decision(action="dead_letter", error_class=name, is_instance_wide=is_instance_wide)
    delay = max(backoff(attempts), advice or timedelta(0))
    return Decision(action=action, error_class=name, delay=delay, is_instance_wide=is_instance_wide)


def _error_class(error: Exception) -> str:
    words = type(error).__name__.removesuffix("Error")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in words).lstrip("_") or "error"
