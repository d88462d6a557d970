"""The event log: appended in the transaction of the cause, read in its order, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from reverse_etl.events.types import TYPES, EventType, Facts
from reverse_etl.ledger.schema import archived_event, event
from reverse_etl.values import canonical_json

SPECVERSION = "1.0"
CONTENT_TYPE = "application/cloudevents+json"
_CHUNK = 500
_TOLD = [
    sa.select(column).where(column.in_(sa.bindparam("ids", expanding=True)))
    for column in (event.c.event_id, archived_event.c.event_id)
]


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """An event about to be recorded; `event_id` is the same whenever the same cause is seen again."""

    event_id: str
    type: EventType
    source: str
    subject: str
    occurred_at: datetime
    data: Facts
    is_baseline: bool = False


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event of the log. `sequence` is its place, `recorded_at` when Concord came to know it."""

    sequence: int
    event_id: str
    type: str
    source: str
    subject: str
    occurred_at: datetime
    recorded_at: datetime
    is_baseline: bool
    data: dict[str, Any]

    def cloudevent(self) -> dict[str, Any]:
        """CloudEvents 1.0 in structured JSON, with the `sequence` extension as sortable text."""
        return {
            "specversion": SPECVERSION,
            "id": self.event_id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "dataschema": TYPES[self.type].dataschema,
            "datacontenttype": "application/json",
            "sequence": f"{self.sequence:012d}",
            "data": self.data,
        }


def record(connection: sa.Connection, events: Iterable[NewEvent], now: datetime) -> int:
    """Append what the log does not hold yet, in the caller's `writing` transaction; returns how many."""
    wanted = {one.event_id: one for one in events}
    for known in _known(connection, list(wanted)):
        del wanted[known]
    if not wanted:
        return 0
    first = int(connection.execute(sa.select(sa.func.max(event.c.sequence))).scalar() or 0) + 1
    rows = [
        {
            "sequence": number,
            "event_id": one.event_id,
            "type": one.type.name,
            "source": one.source,
            "subject": one.subject,
            "occurred_at": one.occurred_at,
            "recorded_at": now,
            "is_baseline": one.is_baseline,
            "data": canonical_json(one.data.model_dump(mode="json")),
        }
        for number, one in enumerate(wanted.values(), start=first)
    ]
    connection.execute(event.insert(), rows)
    return len(rows)


def find(
    connection: sa.Connection,
    *,
    types: Sequence[str] = (),
    subject: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
) -> list[Event]:
    """Events that match, newest first; `since` and `until` as in `within`."""
    query = sa.select(event).where(within(since, until)).order_by(event.c.sequence.desc()).limit(limit)
    if types:
        query = query.where(event.c.type.in_(types))
    if subject is not None:
        query = query.where(event.c.subject == subject)
    return [as_event(row) for row in connection.execute(query).mappings()]


def within(since: datetime | None, until: datetime | None) -> sa.ColumnElement[bool]:
    """Events that happened or were recorded from `since` until before `until`.

    Both times count: a fact learnt late belongs to whoever lost the days in which it was told.
    """
    happened: list[sa.ColumnElement[bool]] = [sa.true()]
    recorded: list[sa.ColumnElement[bool]] = [sa.true()]
    if since is not None:
        happened.append(event.c.occurred_at >= since)
        recorded.append(event.c.recorded_at >= since)
    if until is not None:
        happened.append(event.c.occurred_at < until)
        recorded.append(event.c.recorded_at < until)
    return sa.or_(sa.and_(*happened), sa.and_(*recorded))


def as_event(row: sa.RowMapping) -> Event:
    """A row of the table as an event."""
    facts = {column.name: row[column.name] for column in event.columns}
    return Event(**{**facts, "data": json.loads(row["data"])})


def _known(connection: sa.Connection, ids: Sequence[str]) -> list[str]:
    """What was told once, archived or not: an old fact never becomes news again."""
    known: list[str] = []
    for start in range(0, len(ids), _CHUNK):
        for query in _TOLD:
            known += connection.execute(query, {"ids": ids[start : start + _CHUNK]}).scalars()
    return known
