"""Recognises our own writes when they come back: as a change the vendor reports, or in a read that is too old."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from reverse_etl.ledger.schema import correction, correction_change
from reverse_etl.models import Proposal


class Origin(StrEnum):
    """Whose change a value seen at a vendor is."""

    OURS = "ours"
    """The value we wrote last: an echo, not news."""
    STALE = "stale"
    """Another value, but seen before our last write arrived: it says nothing about now."""
    VENDOR = "vendor"
    """Another value, seen after our last write: somebody changed it there."""
    UNTOUCHED = "untouched"
    """We never wrote this field of this record."""


def origin(
    connection: sa.Connection,
    *,
    instance: str,
    target_object: str,
    record_key: str,
    field: str,
    value: str | None,
    seen_at: datetime | None,
) -> Origin:
    """Whose change it is that a field of a record holds `value` (ledger text), as seen at `seen_at`.

    Without a moment an other value than ours counts as the vendor's.
    """
    last = _last_write(connection, instance, target_object, record_key, field)
    if last is None:
        return Origin.UNTOUCHED
    if last.new_value == value:
        return Origin.OURS
    return Origin.STALE if seen_at is not None and seen_at <= last.delivered_at else Origin.VENDOR


def is_stale(connection: sa.Connection, proposal: Proposal) -> bool:
    """Whether the proposal rests on a read from before a write of ours to one of its fields, whatever check wrote."""
    return any(
        origin(
            connection,
            instance=proposal.target_instance,
            target_object=proposal.target_object,
            record_key=proposal.record_key,
            field=change.field,
            value=change.expected_value,
            seen_at=proposal.source_loaded_at,
        )
        is Origin.STALE
        for change in proposal.changes
    )


def _last_write(
    connection: sa.Connection, instance: str, target_object: str, record_key: str, field: str
) -> Any:
    c, changed = correction.c, correction_change.c
    query = (
        sa.select(changed.new_value, c.delivered_at)
        .join(correction_change, changed.correction_id == c.correction_id)
        .where(
            c.target_instance == instance,
            c.target_object == target_object,
            c.record_key == record_key,
            changed.field == field,
            c.delivered_at.is_not(None),
        )
        .order_by(c.delivered_at.desc(), c.sequence.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()
