"""What has outlived its retention and may go, and what is old and has to stay, with the reason.

The audit chain goes from its beginning, never from its middle. Nothing of an unsettled correction goes: its first
event is where the part that may go ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from config.retention import years_before
from reverse_etl.desk import Desk
from reverse_etl.events.queue import DEAD, PENDING
from reverse_etl.inbox.store import SYNCED
from reverse_etl.ledger import reading
from reverse_etl.ledger.governance import waiver
from reverse_etl.ledger.sagas import saga_step
from reverse_etl.ledger.schema import (
    audit_chain,
    audit_event,
    correction,
    correction_dependency,
    event,
    event_delivery,
    event_subscription,
    inbox_message,
)
from reverse_etl.models import SETTLED_STATES, State

_LISTED = 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What happened before these moments is older than the firm keeps it."""

    corrections: datetime
    events: datetime
    inbox: datetime


@dataclass(frozen=True, kw_only=True)
class Held:
    """An unsettled correction that keeps events older than the limit in the ledger."""

    correction_id: str
    state: str
    first_sequence: int


@dataclass(frozen=True, kw_only=True)
class Due:
    """What may go now. The chain goes up to and with `last_sequence`; `first_sequence` above it means none of it."""

    limits: Limits
    first_sequence: int
    last_sequence: int
    overdue_sequence: int
    """The last event older than its limit, whether it may go or is held back."""
    corrections: tuple[str, ...]
    """Corrections whose whole story goes."""
    carried: tuple[str, ...]
    """Settled corrections that stay although events of theirs go: their story goes on, or something points to them."""
    held: tuple[Held, ...]
    event_ids: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def audit_events(self) -> int:
        """How many events leave the chain."""
        return self.last_sequence - self.first_sequence + 1

    @property
    def is_empty(self) -> bool:
        """Whether nothing may go."""
        return not (self.audit_events or self.corrections or self.event_ids or self.messages)


def survey(desk: Desk) -> Due:
    """What may go at this moment of the firm; changes nothing."""
    with reading(desk.engine) as connection:
        return due(connection, desk)


def due(connection: sa.Connection, desk: Desk) -> Due:
    """`survey` inside a transaction of the caller."""
    limits = _limits(desk)
    first = int(connection.execute(sa.select(audit_chain.c.start_sequence)).scalar_one()) + 1
    overdue = _last_before(connection, limits.corrections)
    held = _held(connection, overdue)
    last = max(first - 1, min([overdue, *(one.first_sequence - 1 for one in held)]))
    gone, carried = _stories(connection, last, desk.clock())
    return Due(
        limits=limits,
        first_sequence=first,
        last_sequence=last,
        overdue_sequence=overdue,
        corrections=gone,
        carried=carried,
        held=held[:_LISTED],
        event_ids=tuple(connection.execute(_old_events(limits.events)).scalars()),
        messages=tuple(connection.execute(_old_messages(limits.inbox)).scalars()),
    )


def _limits(desk: Desk) -> Limits:
    kept, now = desk.policy.policy.retention, desk.clock()
    return Limits(
        corrections=years_before(now, kept.corrections_years),
        events=years_before(now, kept.events_years),
        inbox=years_before(now, kept.inbox_years),
    )


def _last_before(connection: sa.Connection, limit: datetime) -> int:
    """The last event before the first one that is not older than the limit, whatever clocks said in between."""
    c = audit_event.c
    young = connection.execute(sa.select(sa.func.min(c.sequence)).where(c.occurred_at >= limit)).scalar()
    if young is not None:
        return int(young) - 1
    return int(connection.execute(sa.select(audit_chain.c.end_sequence)).scalar_one())


def _held(connection: sa.Connection, last: int) -> tuple[Held, ...]:
    first = sa.func.min(audit_event.c.sequence).label("first_sequence")
    query = (
        sa.select(correction.c.correction_id, correction.c.state, first)
        .join(audit_event, audit_event.c.correction_id == correction.c.correction_id)
        .where(correction.c.state.not_in(SETTLED_STATES))
        .group_by(correction.c.correction_id, correction.c.state)
        .having(first <= last)
        .order_by(first)
    )
    return tuple(Held(**row) for row in connection.execute(query).mappings())


def _stories(connection: sa.Connection, last: int, now: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Corrections whose story ends with the event `last` or before, and those it is cut for."""
    c, early, late = correction.c, audit_event.alias("early"), audit_event.alias("late")
    goes_on = sa.exists().where(late.c.correction_id == c.correction_id, late.c.sequence > last)
    began = sa.exists().where(early.c.correction_id == c.correction_id, early.c.sequence <= last)
    rows = connection.execute(
        sa.select(c.correction_id, sa.or_(goes_on, _is_pointed_to(now), _still_binds()).label("stays"))
        .where(sa.or_(began, c.last_event_sequence <= last))
        .order_by(c.correction_id)
    ).all()
    gone = tuple(row.correction_id for row in rows if not row.stays)
    return gone, tuple(row.correction_id for row in rows if row.stays)


def _is_pointed_to(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a process, an accepted difference or an unsettled correction still refers to the correction."""
    mine = correction.c.correction_id
    other = correction.alias("other")
    is_open = other.c.state.not_in(SETTLED_STATES)
    waits = correction_dependency.c
    return sa.or_(
        sa.exists().where(sa.or_(saga_step.c.correction_id == mine, saga_step.c.undo_correction_id == mine)),
        sa.exists().where(
            waiver.c.correction_id == mine, waiver.c.ended_at.is_(None), waiver.c.expires_at > now
        ),
        sa.exists().where(is_open, sa.or_(other.c.rolls_back_id == mine, other.c.supersedes_id == mine)),
        sa.exists().where(waits.depends_on_id == mine, other.c.correction_id == waits.correction_id, is_open),
    )


def _still_binds() -> sa.ColumnElement[bool]:
    """Whether the last word on a difference was a person's no: without it, the same would be proposed again."""
    c, newer = correction.c, correction.alias("newer")
    is_last = ~sa.exists().where(newer.c.correction_key == c.correction_key, newer.c.sequence > c.sequence)
    return sa.and_(c.state.in_((State.REJECTED, State.ROLLED_BACK)), is_last)


def _old_events(limit: datetime) -> sa.Select[Any]:
    """Events whose subscribers all have them. The newest stay: numbers go on from them."""
    e, d = event.c, event_delivery.c
    waits = sa.exists().where(d.event_id == e.event_id, d.state.in_((PENDING, DEAD)))
    newest_delivery = sa.select(sa.func.max(d.delivery_id)).scalar_subquery()
    is_newest = sa.exists().where(d.event_id == e.event_id, d.delivery_id == newest_delivery)
    behind = sa.exists().where(event_subscription.c.position < e.sequence)
    last = sa.select(sa.func.max(event.alias("newest").c.sequence)).scalar_subquery()
    return (
        sa.select(e.event_id)
        .where(e.recorded_at < limit, e.sequence < last, ~waits, ~behind, ~is_newest)
        .order_by(e.sequence)
    )


def _old_messages(limit: datetime) -> sa.Select[Any]:
    """Messages that a read has answered. The newest stays: numbers go on from it."""
    m = inbox_message.c
    last = sa.select(sa.func.max(inbox_message.alias("newest").c.sequence)).scalar_subquery()
    return (
        sa.select(m.message_key)
        .where(m.received_at < limit, m.state == SYNCED, m.sequence < last)
        .order_by(m.sequence)
    )
