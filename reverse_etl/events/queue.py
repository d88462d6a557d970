"""Deliveries in the ledger: what each subscription still has to hear, who is telling it, what came of it.

A delivery holds back the later ones of its subject until it is delivered or dropped, a dead letter too: a subscriber
never hears "verified" before "delivered". Subjects do not wait for one another.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from config.schema import Subscription
from reverse_etl import audit
from reverse_etl.errors import CorrectionError
from reverse_etl.events.log import Event, as_event, within
from reverse_etl.events.retry import Decision
from reverse_etl.ledger.schema import event, event_delivery, event_subscription

_EARLIER, _OTHER = event_delivery.alias("earlier"), event_delivery.alias("other")
PENDING, DELIVERED, DEAD, DROPPED = "pending", "delivered", "dead_lettered", "dropped"


class UnknownDeliveryError(CorrectionError):
    """No such dead letter."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One delivery in our hands while the lease holds."""

    delivery_id: int
    token: str
    attempts: int
    event: Event


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A delivery that waits for a person."""

    delivery_id: int
    subscription: str
    type: str
    subject: str
    event_id: str
    attempts: int
    error_class: str
    error_text: str


def matches(patterns: Sequence[str]) -> sa.ColumnElement[bool]:
    """Events whose type one of the patterns names, wholly or by its beginning."""
    conditions = [
        event.c.type.startswith(one[:-1], autoescape=True) if one.endswith("*") else event.c.type == one
        for one in patterns
    ]
    return sa.or_(*conditions)


def fan_out(connection: sa.Connection, wanted: Subscription, now: datetime) -> int:
    """Queue the events recorded since the last time for one subscription; a new one starts from here."""
    s = event_subscription
    last = int(connection.execute(sa.select(sa.func.max(event.c.sequence))).scalar() or 0)
    position = connection.execute(
        sa.select(s.c.position).where(s.c.subscription == wanted.name)
    ).scalar_one_or_none()
    if position is None:
        connection.execute(s.insert().values(subscription=wanted.name, position=last, subscribed_at=now))
        return 0
    if position == last:
        return 0
    news = sa.and_(event.c.sequence > position, event.c.is_baseline.is_(False), matches(wanted.types))
    count = _queue(connection, wanted.name, news)
    connection.execute(s.update().where(s.c.subscription == wanted.name).values(position=last))
    return count


def replay(
    connection: sa.Connection,
    wanted: Subscription,
    *,
    since: datetime,
    until: datetime | None,
    types: Sequence[str],
    actor: str,
    now: datetime,
) -> int:
    """Queue again what happened or was recorded in a span of time, baseline included; ids stay the same.

    What is still unsettled for the subscription is not queued twice. The request enters the audit trail.
    """
    chosen = sa.and_(within(since, until), matches(wanted.types), matches(types) if types else sa.true())
    count = _queue(connection, wanted.name, chosen)
    span = {"from": since.isoformat(), "to": until.isoformat() if until else None, "types": list(types)}
    audit.append(
        connection, occurred_at=now, event="events_replayed", actor=actor,
        detail={"subscription": wanted.name, "events": count, **span},
    )  # fmt: skip
    return count


def _queue(connection: sa.Connection, subscription: str, chosen: sa.ColumnElement[bool]) -> int:
    d = event_delivery
    unsettled = sa.exists().where(
        d.c.subscription == subscription, d.c.event_id == event.c.event_id, d.c.state.in_((PENDING, DEAD))
    )
    rows = connection.execute(
        sa.select(event.c.event_id, event.c.subject).where(chosen, ~unsettled).order_by(event.c.sequence)
    ).all()
    first = int(connection.execute(sa.select(sa.func.max(d.c.delivery_id))).scalar() or 0) + 1
    if rows:
        connection.execute(
            d.insert(),
            [
                {
                    "delivery_id": number,
                    "subscription": subscription,
                    "event_id": row.event_id,
                    "subject": row.subject,
                    "state": PENDING,
                    "attempts": 0,
                }
                for number, row in enumerate(rows, start=first)
            ],
        )
    return len(rows)


def claim(connection: sa.Connection, subscription: str, now: datetime, lease: timedelta) -> Claim | None:
    """The next delivery that nothing earlier of its subject holds back, leased to the caller.

    While one waits for its next attempt the receiver is in trouble, and all of the subscription wait with it.
    """
    facts = {"wanted": subscription, "now": now}
    row = connection.execute(_deliverable(), facts).mappings().one_or_none()
    if row is None:
        return None
    token, attempts = uuid.uuid4().hex, int(row["attempts"]) + 1
    _update(connection, row["delivery_id"], lease_token=token, lease_until=now + lease, attempts=attempts)
    return Claim(delivery_id=row["delivery_id"], token=token, attempts=attempts, event=as_event(row))


@cache
def _deliverable() -> sa.Select[Any]:
    """Of the subscription `wanted` at the moment `now`; written out once, as it is asked for every event."""
    d, earlier, other = event_delivery, _EARLIER, _OTHER
    subscription: sa.BindParameter[Any] = sa.bindparam("wanted")
    now: sa.BindParameter[Any] = sa.bindparam("now")
    is_waiting = sa.exists().where(
        other.c.subscription == subscription, other.c.state == PENDING, other.c.due_at > now
    )
    held_back = sa.exists().where(
        earlier.c.subscription == d.c.subscription,
        earlier.c.state.in_((PENDING, DEAD)),
        earlier.c.subject == d.c.subject,
        earlier.c.delivery_id < d.c.delivery_id,
    )
    return (
        sa.select(d.c.delivery_id, d.c.attempts, event)
        .join(event, event.c.event_id == d.c.event_id)
        .where(
            d.c.subscription == subscription,
            d.c.state == PENDING,
            sa.or_(d.c.lease_until.is_(None), d.c.lease_until <= now),
            ~is_waiting,
            ~held_back,
        )
        .order_by(d.c.delivery_id)
        .limit(1)
    )


def next_work(connection: sa.Connection, wanted: Subscription, now: datetime) -> str | None:
    """A mark of what a run would queue or send, or None; it changes with every step forward and every attempt."""
    s = event_subscription
    last = int(connection.execute(sa.select(sa.func.max(event.c.sequence))).scalar() or 0)
    position = connection.execute(sa.select(s.c.position).where(s.c.subscription == wanted.name)).scalar()
    if position is None or position < last:
        return f"{wanted.name}:event:{last}"
    head = connection.execute(_deliverable(), {"wanted": wanted.name, "now": now}).one_or_none()
    return f"{wanted.name}:delivery:{head.delivery_id}:{head.attempts}" if head else None


def settle(
    connection: sa.Connection, claimed: Claim, decision: Decision, words: str | None, now: datetime
) -> bool:
    """Record what became of an attempt; False when the lease has passed to another, whose record counts."""
    d = event_delivery
    token = connection.execute(
        sa.select(d.c.lease_token).where(d.c.delivery_id == claimed.delivery_id)
    ).scalar_one()
    if token != claimed.token:
        return False
    facts: dict[str, Any] = {"lease_token": None, "lease_until": None}
    facts |= {"error_class": decision.error_class, "error_text": words, "due_at": None}
    if decision.action == "delivered":
        facts |= {"state": DELIVERED, "delivered_at": now}
    elif decision.action == "dead_letter":
        facts["state"] = DEAD
    elif decision.delay is not None:
        facts["due_at"] = now + decision.delay
    _update(connection, claimed.delivery_id, **facts)
    return True


def dead_letters(connection: sa.Connection, subscription: str | None = None) -> list[DeadLetter]:
    """Deliveries that wait for a person, oldest first."""
    d = event_delivery
    names = ("delivery_id", "subscription", "subject", "event_id", "attempts", "error_class", "error_text")
    query = (
        sa.select(*(d.c[name] for name in names), event.c.type)
        .join(event, event.c.event_id == d.c.event_id)
        .where(d.c.state == DEAD)
        .order_by(d.c.delivery_id)
    )
    if subscription is not None:
        query = query.where(d.c.subscription == subscription)
    return [DeadLetter(**row) for row in connection.execute(query).mappings()]


def revive(connection: sa.Connection, delivery_id: int, actor: str, now: datetime) -> None:
    """Send a dead letter again, from its first attempt. Raises `UnknownDeliveryError`."""
    _require_dead(connection, delivery_id)
    _update(connection, delivery_id, state=PENDING, attempts=0, due_at=None)
    audit.append(
        connection, occurred_at=now, event="event_revived", actor=actor, detail={"delivery": delivery_id}
    )


def drop(connection: sa.Connection, delivery_id: int, actor: str, reason: str, now: datetime) -> None:
    """Give a dead letter up for good; the later events of its subject go on. Raises `UnknownDeliveryError`."""
    _require_dead(connection, delivery_id)
    _update(connection, delivery_id, state=DROPPED)
    audit.append(
        connection, occurred_at=now, event="event_dropped", actor=actor, reason=reason,
        detail={"delivery": delivery_id},
    )  # fmt: skip


def counts(connection: sa.Connection) -> dict[str, dict[str, int]]:
    """Subscription -> deliveries by state."""
    d = event_delivery
    query = sa.select(d.c.subscription, d.c.state, sa.func.count()).group_by(d.c.subscription, d.c.state)
    found: dict[str, dict[str, int]] = {}
    for name, state, number in connection.execute(query):
        found.setdefault(name, {})[state] = int(number)
    return found


def _require_dead(connection: sa.Connection, delivery_id: int) -> None:
    d = event_delivery
    state = connection.execute(sa.select(d.c.state).where(d.c.delivery_id == delivery_id)).scalar()
    if state != DEAD:
        raise UnknownDeliveryError(
            f"delivery {delivery_id} is {state or 'unknown'}, not a dead letter.",
            hint="`concord events dead-letters` lists them.",
        )


def _update(connection: sa.Connection, delivery_id: int, **values: Any) -> None:
    d = event_delivery
    connection.execute(d.update().where(d.c.delivery_id == delivery_id).values(**values))
