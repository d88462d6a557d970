"""The audit chain: every event carries the hash of the one before it, so a change anywhere shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from reverse_etl.errors import LedgerError
from reverse_etl.events.corrections import announce
from reverse_etl.ledger import reading
from reverse_etl.ledger.schema import GENESIS, audit_chain, audit_event
from reverse_etl.models import AuditEvent
from reverse_etl.values import canonical_json, digest

__all__ = ["GENESIS", "HASHED", "append", "events", "hash_of", "moment_text"]

HASHED = (
    "sequence", "occurred_at", "correction_id", "event", "from_state", "to_state", "actor", "reason",
    "policy_version", "detail", "previous_hash",
)  # fmt: skip
"""Columns of an event that its hash covers: all but the hash itself."""
_END = sa.select(audit_chain.c.end_sequence, audit_chain.c.end_hash)
_APPEND = audit_event.insert()


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
    """Add one event to the chain in the caller's `writing` transaction and return its sequence.

    It follows the recorded end of the chain, not the last row: an event cut off the end leaves a gap for ever.
    Subscribers learn of it from the same transaction.
    Raises `LedgerError` when the ledger has lost the record of where its chain ends.
    """
    end = connection.execute(_END).one_or_none()
    if end is None:
        raise LedgerError(
            "the ledger does not know where its audit chain ends.",
            hint="`concord corrections audit verify` says what is left; restore a backup.",
        )
    row: dict[str, Any] = {
        "sequence": end.end_sequence + 1,
        "occurred_at": occurred_at,
        "correction_id": correction_id,
        "event": event,
        "from_state": from_state,
        "to_state": to_state,
        "actor": actor,
        "reason": reason,
        "policy_version": policy_version,
        "detail": canonical_json(dict(detail or {})),
        "previous_hash": end.end_hash,
    }
    facts = row | {"occurred_at": moment_text(occurred_at)}
    row_hash = hash_of(facts)
    connection.execute(_APPEND, row | {"hash": row_hash})
    announce(connection, row, row_hash)
    return int(row["sequence"])


def moment_text(moment: datetime) -> str:
    """The one spelling of a moment that is hashed: UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def hash_of(facts: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and every other column of the event, as canonical JSON.

    ``occurred_at`` is given as `moment_text`, ``detail`` as the JSON text that is stored.
    """
    return digest({name: facts[name] for name in HASHED})


def events(engine: sa.Engine, correction_id: str | None = None) -> Iterator[AuditEvent]:
    """The chain in order, or the part of it about one correction."""
    query = sa.select(audit_event).order_by(audit_event.c.sequence)
    if correction_id is not None:
        query = query.where(audit_event.c.correction_id == correction_id)
    with reading(engine) as connection:
        for row in connection.execute(query).mappings().yield_per(500):
            yield AuditEvent(**{**row, "detail": json.loads(row["detail"])})
