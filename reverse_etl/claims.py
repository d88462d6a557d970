"""Statements of the queue: what may be claimed next, and what earlier writes of a correction may have done."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from reverse_etl.ledger.schema import attempt, correction
from reverse_etl.models import BUSY_STATES, State

_UNRESOLVED = ("unknown", "acknowledged")


def next_due(now: Any, killed: Collection[str], without_instances: Collection[str]) -> sa.Select[Any]:
    """The one correction to claim next: due, first of its record, nothing of that record in flight."""
    c = correction.c
    other, dependency = correction.alias("other"), correction.alias("dependency")
    is_blocking = sa.or_(
        other.c.state.in_(BUSY_STATES),
        sa.and_(
            other.c.state == State.APPROVED,
            other.c.sequence < c.sequence,
            other.c.check_id.not_in(list(killed)),
        ),
    )
    blocker = sa.exists().where(
        other.c.target_instance == c.target_instance,
        other.c.target_object == c.target_object,
        other.c.record_key == c.record_key,
        other.c.correction_id != c.correction_id,
        is_blocking,
    )
    is_ready = sa.or_(
        c.depends_on.is_(None),
        sa.exists().where(
            dependency.c.correction_id == c.depends_on,
            dependency.c.state.in_((State.DELIVERED, State.VERIFIED)),
        ),
    )
    return (
        sa.select(c.correction_id)
        .where(
            c.state.in_((State.APPROVED, State.IN_DOUBT)),
            sa.or_(c.due_at.is_(None), c.due_at <= now),
            c.check_id.not_in(list(killed)),
            c.target_instance.not_in(list(without_instances)),
            sa.not_(blocker),
            is_ready,
        )
        .order_by(c.rank, c.sequence)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def earlier_writes(connection: sa.Connection, correction_id: str) -> tuple[bool, bool]:
    """Whether an earlier write may have reached the vendor, and whether the vendor confirmed one."""
    query = sa.select(attempt.c.outcome, attempt.c.is_acknowledged).where(
        attempt.c.correction_id == correction_id, attempt.c.is_intent
    )
    rows = connection.execute(query).all()
    open_rows = [row for row in rows if row.outcome is None or row.outcome in _UNRESOLVED]
    return bool(open_rows), any(row.is_acknowledged for row in open_rows)


def resolve_earlier(connection: sa.Connection, correction_id: str, number: int) -> None:
    """A look has settled what became of the earlier writes."""
    connection.execute(
        attempt.update()
        .where(
            attempt.c.correction_id == correction_id,
            attempt.c.number < number,
            attempt.c.outcome.in_(_UNRESOLVED),
        )
        .values(outcome=f"settled_by_{number}")
    )
