"""Statements of the queue: what may be claimed next, and what earlier writes of a correction may have done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from reverse_etl.ledger.schema import attempt, correction, correction_dependency
from reverse_etl.models import BUSY_STATES, State

_UNRESOLVED = ("unknown", "acknowledged")
_OTHER, _NEEDED, _WAITS = (
    correction.alias("other"), correction.alias("needed"), correction_dependency.alias("waits"),
)  # fmt: skip
_KILLED: sa.BindParameter[Any] = sa.bindparam("killed", expanding=True)
_LEFT_ALONE: sa.BindParameter[Any] = sa.bindparam("left_alone", expanding=True)
_NOW: sa.BindParameter[Any] = sa.bindparam("now")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What may not be claimed now."""

    killed: Collection[str] = ()
    """Checks that are switched off or held back."""
    closed: Collection[str] = ()
    """Instances that are left alone altogether."""
    draining: Collection[str] = ()
    """Instances that take nothing new; what is in doubt is still looked at."""


def next_due(connection: sa.Connection, now: Any, gate: Gate) -> str | None:
    """The one correction to claim next: due, first of its record, nothing of that record in flight.

    Asked per state, as each answer then comes in order from an index, however long the queue is.
    """
    left_alone = {State.IN_DOUBT: [*gate.closed], State.APPROVED: [*gate.closed, *gate.draining]}
    found = []
    for state, instances in left_alone.items():
        facts = {"now": now, "killed": list(gate.killed), "left_alone": instances}
        row = connection.execute(_first_due(state), facts).one_or_none()
        if row is not None:
            found.append(row)
    return min(found, key=lambda row: (row.rank, row.sequence)).correction_id if found else None


@cache
def _first_due(state: State) -> sa.Select[Any]:
    """Written out once: every worker asks it for every correction, and building it costs more than its answer."""
    c = correction.c
    return (
        sa.select(c.correction_id, c.rank, c.sequence)
        .where(
            c.state == state,
            sa.or_(c.due_at.is_(None), c.due_at <= _NOW),
            c.check_id.not_in(_KILLED),
            c.target_instance.not_in(_LEFT_ALONE),
            sa.not_(_blocker(state)),
            sa.not_(_unmet_dependency()),
        )
        .order_by(c.rank, c.sequence)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _blocker(state: State) -> sa.ColumnElement[bool]:
    """Another correction of the same record that is being written, or comes first.

    What is in doubt yields to no approved one: that one waits for it, even if it is older and was approved since.
    """
    c, other, waits = correction.c, _OTHER, _WAITS
    waits_for_us = sa.exists().where(
        waits.c.correction_id == other.c.correction_id, waits.c.depends_on_id == c.correction_id
    )
    is_first = sa.and_(
        other.c.state == State.APPROVED,
        other.c.sequence < c.sequence,
        other.c.check_id.not_in(_KILLED),
        sa.not_(waits_for_us),
    )
    return sa.exists().where(
        other.c.target_instance == c.target_instance,
        other.c.target_object == c.target_object,
        other.c.record_key == c.record_key,
        other.c.state.in_((*BUSY_STATES, State.APPROVED)),
        other.c.correction_id != c.correction_id,
        other.c.state.in_(BUSY_STATES)
        if state is State.IN_DOUBT
        else sa.or_(other.c.state.in_(BUSY_STATES), is_first),
    )


def _unmet_dependency() -> sa.ColumnElement[bool]:
    needed, other = correction_dependency.c, _NEEDED
    return sa.exists().where(
        needed.correction_id == correction.c.correction_id,
        needed.depends_on_id == other.c.correction_id,
        sa.not_(is_met(needed.until, other.c.state)),
    )


def is_met(until: Any, state: Any) -> sa.ColumnElement[bool]:
    """Whether a dependency is fulfilled by a correction in this state."""
    return sa.or_(
        state == State.VERIFIED, sa.and_(until == State.DELIVERED.value, state == State.DELIVERED.value)
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
