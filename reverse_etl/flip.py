"""Fields that flip between systems: recognised from what was written lately, and left to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from config.schema import Flip
from reverse_etl.ledger.schema import correction, correction_change
from reverse_etl.models import FieldChange, Proposal

QUARANTINE = "flip_quarantine"
"""The class of a proposal that waits for a person because its field flips."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """One delivered change of a field."""

    correction_id: str
    at: datetime
    expected: str | None
    new: str | None


def is_flipping(written: Sequence[Written], change: FieldChange, settings: Flip) -> bool:
    """Whether this change would be the `times`-th in a row that brings a value back.

    `written` holds what was delivered within the window, oldest first. A value that moves on is no flip, however
    often it moves: only a return to a value that was there before, and had been replaced, counts.
    """
    lately = list(written)[-(settings.times - 1) :]
    if len(lately) < settings.times - 1:
        return False
    values = [value for one in lately for value in (one.expected, one.new)]
    series = _without_repeats([*values, change.expected_value, change.new_value])
    returns = sum(value in series[:place] for place, value in enumerate(series))
    return returns >= settings.times - 1


def _without_repeats(values: Sequence[str | None]) -> list[str | None]:
    return [value for place, value in enumerate(values) if place == 0 or value != values[place - 1]]


def why_quarantined(
    connection: sa.Connection, proposal: Proposal, settings: Flip, now: datetime
) -> str | None:
    """Why this proposal is for a person: the field that flips, with its history; ``None`` when none does."""
    since = now - timedelta(days=settings.within_days)
    for change in proposal.changes:
        written = history(connection, proposal, change.field, since)
        if is_flipping(written, change, settings):
            told = ", ".join(
                f"{one.at:%Y-%m-%d %H:%M}Z {one.expected or '(empty)'} to {one.new or '(empty)'} "
                f"({one.correction_id})"
                for one in written
            )
            return (
                f"{proposal.target}.{change.field} flips between systems: {told}; now again "
                f"{change.expected_value or '(empty)'} to {change.new_value or '(empty)'}. What to do: find who "
                "writes it in both systems and settle its owner in config/ownership.yml; then approve or reject"
            )
    return None


def history(connection: sa.Connection, proposal: Proposal, field: str, since: datetime) -> list[Written]:
    """What was delivered to a field of a record since a moment, oldest first."""
    c, changed = correction.c, correction_change.c
    query = (
        sa.select(c.correction_id, c.delivered_at, changed.expected_value, changed.new_value)
        .join(correction_change, changed.correction_id == c.correction_id)
        .where(
            c.target_instance == proposal.target_instance,
            c.target_object == proposal.target_object,
            c.record_key == proposal.record_key,
            changed.field == field,
            c.delivered_at >= since,
        )
        .order_by(c.delivered_at, c.sequence)
    )
    return [
        Written(correction_id=r.correction_id, at=r.delivered_at, expected=r.expected_value, new=r.new_value)
        for r in connection.execute(query)
    ]
