"""Statements of the queue: what may be claimed next, and what earlier writes of a correction may have done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class EarlierWrites:
    """What is open about writes that earlier attempts of a correction have sent."""

    is_unresolved: bool = False
    """One may have reached the vendor: look before writing."""
    is_acknowledged: bool = False
    """The vendor confirmed one: never write again."""
    version: str | None = None
    """The vendor's version just before the last of them; another version now means somebody wrote."""


def earlier_writes(connection: sa.Connection, correction_id: str) -> EarlierWrites:
    """Earlier writes of a correction whose effect no look has settled."""
    query = (
        sa.select(attempt.c.is_acknowledged, attempt.c.version_before)
        .where(
            attempt.c.correction_id == correction_id,
            attempt.c.is_intent,
            sa.or_(attempt.c.outcome.is_(None), attempt.c.outcome.in_(_UNRESOLVED)),
        )
        .order_by(attempt.c.number)
    )
    rows = connection.execute(query).all()
    return EarlierWrites(
        is_unresolved=bool(rows),
        is_acknowledged=any(row.is_acknowledged for row in rows),
        version=rows[-1].version_before if rows else None,
    )


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
