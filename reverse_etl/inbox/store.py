"""The inbox in the ledger: one row per message however often it came, and what was refused, counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connectors.webhooks import Change
from reverse_etl.ledger.schema import inbox_message, inbox_refusal
from reverse_etl.values import canonical_json, digest

RECEIVED, SYNCED = "received", "synced"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An instance with messages that no read has answered; `last` is the newest one's place."""

    instance: str
    last: int
    messages: int
    objects: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One instance's messages in numbers."""

    received: int = 0
    synced: int = 0
    repeats: int = 0
    refused: Mapping[str, int] | None = None


def keep(
    connection: sa.Connection, instance: str, changes: Sequence[Change], body: str, now: datetime
) -> int:
    """Store messages that are new, raw; one that came before is only counted. Returns how many were new."""
    m = inbox_message
    last = int(connection.execute(sa.select(sa.func.max(m.c.sequence))).scalar() or 0)
    fresh = 0
    for change in changes:
        key = digest([instance, change.message_id])
        repeated = connection.execute(
            m.update().where(m.c.message_key == key).values(repeats=m.c.repeats + 1)
        )
        if repeated.rowcount:
            continue
        fresh += 1
        connection.execute(
            m.insert().values(
                message_key=key,
                sequence=last + fresh,
                instance=instance,
                message_id=change.message_id[:200],
                object=change.object[:80],
                record_ids=canonical_json(list(change.record_ids)),
                body=body,
                state=RECEIVED,
                repeats=0,
                received_at=now,
            )
        )
    return fresh


def refuse(connection: sa.Connection, instance: str, error_class: str, now: datetime) -> None:
    """Count a post that was not genuine."""
    r = inbox_refusal
    mine = sa.and_(r.c.instance == instance, r.c.error_class == error_class)
    done = connection.execute(r.update().where(mine).values(refused=r.c.refused + 1, last_at=now))
    if not done.rowcount:
        connection.execute(
            r.insert().values(instance=instance, error_class=error_class, refused=1, last_at=now)
        )


def waiting(connection: sa.Connection) -> list[Waiting]:
    """Instances that have something to be read, by name."""
    m = inbox_message
    query = (
        sa.select(m.c.instance, m.c.object, sa.func.max(m.c.sequence), sa.func.count())
        .where(m.c.state == RECEIVED)
        .group_by(m.c.instance, m.c.object)
        .order_by(m.c.instance, m.c.object)
    )
    found: dict[str, list[tuple[str, int, int]]] = {}
    for instance, name, last, number in connection.execute(query):
        found.setdefault(instance, []).append((name, int(last), int(number)))
    return [
        Waiting(
            instance=instance,
            last=max(last for _, last, _ in rows),
            messages=sum(number for _, _, number in rows),
            objects=tuple(name for name, _, _ in rows),
        )
        for instance, rows in found.items()
    ]


def settle(connection: sa.Connection, instance: str, started_at: datetime, run_id: str) -> int:
    """A read that started at `started_at` has succeeded; returns how many earlier messages it answered."""
    m = inbox_message
    done = connection.execute(
        m.update()
        .where(m.c.instance == instance, m.c.received_at < started_at, m.c.state == RECEIVED)
        .values(state=SYNCED, sync_run=run_id)
    )
    return int(done.rowcount)


def standing(connection: sa.Connection) -> dict[str, Standing]:
    """Instance -> numbers, for every instance that ever posted."""
    m, r = inbox_message, inbox_refusal
    refused: dict[str, dict[str, int]] = {}
    for row in connection.execute(sa.select(r).order_by(r.c.instance, r.c.error_class)):
        refused.setdefault(row.instance, {})[row.error_class] = row.refused
    counted: dict[str, dict[str, int]] = {}
    query = sa.select(m.c.instance, m.c.state, sa.func.count(), sa.func.sum(m.c.repeats))
    for instance, state, number, repeats in connection.execute(query.group_by(m.c.instance, m.c.state)):
        mine = counted.setdefault(instance, {"repeats": 0})
        mine[state] = int(number)
        mine["repeats"] += int(repeats)
    return {
        name: Standing(**counted.get(name, {}), refused=refused.get(name, {}))
        for name in sorted(counted.keys() | refused.keys())
    }
