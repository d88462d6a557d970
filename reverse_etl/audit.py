"""The audit chain: every event carries the hash of the one before it, so a change anywhere shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from reverse_etl.ledger import reading
from reverse_etl.ledger.schema import audit_event, correction, correction_change
from reverse_etl.models import AuditEvent
from reverse_etl.values import canonical_json, digest

GENESIS = "0" * 64
Record = Mapping[str, Any] | sa.RowMapping
_HASHED = (
    "sequence", "occurred_at", "correction_id", "event", "from_state", "to_state", "actor", "reason",
    "policy_version", "detail", "previous_hash",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ChainProblem:
    """One place where the ledger is not what was written."""

    sequence: int | None
    correction_id: str | None
    words: str


@dataclass(frozen=True, kw_only=True)
class ChainReport:
    """Result of verifying the chain; `head` is what an outsider may note down to detect a rewritten history."""

    events: int
    head: str
    problems: tuple[ChainProblem, ...]

    @property
    def is_valid(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def append(
    connection: sa.Connection,
    *,
    occurred_at: datetime,
    event: str,
    actor: str,
    correction_id: str | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    reason: str | None = None,
    policy_version: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Add one event to the chain in the caller's `writing` transaction and return its sequence."""
    last = connection.execute(
        sa.select(audit_event.c.sequence, audit_event.c.hash).order_by(audit_event.c.sequence.desc()).limit(1)
    ).one_or_none()
    row: dict[str, Any] = {
        "sequence": last.sequence + 1 if last else 1,
        "occurred_at": occurred_at,
        "correction_id": correction_id,
        "event": event,
        "from_state": from_state,
        "to_state": to_state,
        "actor": actor,
        "reason": reason,
        "policy_version": policy_version,
        "detail": canonical_json(dict(detail or {})),
        "previous_hash": last.hash if last else GENESIS,
    }
    connection.execute(audit_event.insert().values(**row, hash=hash_of(row)))
    return int(row["sequence"])


def hash_of(row: Record) -> str:
    """SHA-256 over the previous hash and every other column of the event, as canonical JSON."""
    facts = {name: row[name] for name in _HASHED}
    moment: datetime = facts["occurred_at"]
    facts["occurred_at"] = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return digest(facts)


def events(engine: sa.Engine, correction_id: str | None = None) -> Iterator[AuditEvent]:
    """The chain in order, or the part of it about one correction."""
    query = sa.select(audit_event).order_by(audit_event.c.sequence)
    if correction_id is not None:
        query = query.where(audit_event.c.correction_id == correction_id)
    with reading(engine) as connection:
        for row in connection.execute(query).mappings().yield_per(500):
            yield AuditEvent(**{**row, "detail": json.loads(row["detail"])})


def verify_chain(engine: sa.Engine) -> ChainReport:
    """Recompute every hash and compare the ledger's present state with its last events.

    Finds an altered, inserted, removed or reordered event; a correction whose state or content was changed
    behind the chain's back; and events cut off the end, as long as a correction still refers to them.
    """
    problems: list[ChainProblem] = []
    count, last_sequence, head = 0, 0, GENESIS
    last_states: dict[str, tuple[int, str]] = {}
    with reading(engine) as connection:
        query = sa.select(audit_event).order_by(audit_event.c.sequence)
        for row in connection.execute(query).mappings().yield_per(500):
            count += 1
            problems += _event_problems(row, last_sequence, head)
            last_sequence, head = row["sequence"], row["hash"]
            if row["correction_id"]:
                last_states[row["correction_id"]] = (row["sequence"], row["to_state"])
        problems += _state_problems(connection, last_states)
        problems += _content_problems(connection)
    return ChainReport(events=count, head=head, problems=tuple(problems))


def _event_problems(row: sa.RowMapping, last_sequence: int, previous: str) -> Iterator[ChainProblem]:
    facts = {"sequence": row["sequence"], "correction_id": row["correction_id"]}
    if row["previous_hash"] != previous:
        yield ChainProblem(
            **facts,
            words=f"event {row['sequence']} does not follow the event before it: one is missing or moved",
        )
    elif row["sequence"] != last_sequence + 1:
        yield ChainProblem(**facts, words=f"event {row['sequence']} follows event {last_sequence}")
    if hash_of(row) != row["hash"]:
        yield ChainProblem(**facts, words=f"event {row['sequence']} was changed after it was written")


def _state_problems(
    connection: sa.Connection, last_states: Mapping[str, tuple[int, str]]
) -> Iterator[ChainProblem]:
    columns = (correction.c.correction_id, correction.c.state, correction.c.last_event_sequence)
    for row in connection.execute(sa.select(*columns).order_by(correction.c.sequence)):
        sequence, state = last_states.get(row.correction_id, (0, ""))
        if sequence != row.last_event_sequence:
            words = f"its last event should be {row.last_event_sequence}, the chain ends with {sequence}"
            yield ChainProblem(sequence=row.last_event_sequence, correction_id=row.correction_id, words=words)
        elif state != row.state:
            words = f"it is {row.state}, but event {sequence} left it {state}"
            yield ChainProblem(sequence=sequence, correction_id=row.correction_id, words=words)


def _content_problems(connection: sa.Connection) -> Iterator[ChainProblem]:
    fields: dict[str, list[Record]] = {}
    for row in connection.execute(sa.select(correction_change)).mappings():
        fields.setdefault(row["correction_id"], []).append(row)
    for row in connection.execute(sa.select(correction).order_by(correction.c.sequence)).mappings():
        if content_hash_of(row, fields.get(row["correction_id"], [])) != row["content_hash"]:
            yield ChainProblem(
                sequence=None,
                correction_id=row["correction_id"],
                words="its target or values were changed after it was proposed",
            )
    yield from _hash_problems(connection)


def _hash_problems(connection: sa.Connection) -> Iterator[ChainProblem]:
    query = (
        sa.select(
            correction.c.correction_id,
            correction.c.content_hash,
            audit_event.c.sequence,
            audit_event.c.detail,
        )
        .join(audit_event, audit_event.c.correction_id == correction.c.correction_id)
        .where(audit_event.c.event == "proposed")
    )
    for row in connection.execute(query):
        if json.loads(row.detail).get("content_hash") != row.content_hash:
            yield ChainProblem(
                sequence=row.sequence,
                correction_id=row.correction_id,
                words=f"its content is not what event {row.sequence} proposed",
            )


def content_hash_of(target: Record, changes: list[Record]) -> str:
    """Hash of what would be written where: two proposals with the same hash are the same correction."""
    return digest(
        {
            "target": [target["target_instance"], target["target_object"], target["target_record_id"]],
            "operation": target["operation"],
            "changes": sorted(
                [c["field"], c["value_type"], c["expected_value"], c["new_value"]] for c in changes
            ),
        }
    )


def export(engine: sa.Engine) -> Iterator[str]:
    """The chain as JSON lines. An outsider verifies it with SHA-256 over the canonical JSON of each line
    without its ``hash`` (``detail`` as text), starting from 64 zeros."""
    for event in events(engine):
        facts = {name: getattr(event, name) for name in (*_HASHED, "hash")}
        facts["occurred_at"] = event.occurred_at.isoformat(timespec="microseconds")
        facts["detail"] = canonical_json(dict(event.detail))
        yield canonical_json(facts)
