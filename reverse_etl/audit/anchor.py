"""Where a chain begins whose first events were archived: the event that says so, and what it vouches for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from reverse_etl.audit.content import AMOUNTS, FACTS, Record, amount_text
from reverse_etl.audit.raw import RawEvent, raw_events
from reverse_etl.values import digest

ARCHIVED = "ledger_archived"
"""The event that archives all events up to one, and thereby is the anchor of those that stay."""
_CHANGE = ("field", "value_type", "expected_value", "new_value", "before_value", "is_before_known")
_APPROVAL = ("approval_round", "actor", "roles", "decision", "note", "content_hash", "on_behalf_of")


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """What the latest archive says of the part of the chain that is gone."""

    sequence: int
    """Number of the event that says so."""
    actor: str
    reason: str
    last_sequence: int
    last_hash: str
    proposed: int
    """How many corrections came in by events that are gone, over all archives."""
    corrections: int
    """How many corrections are gone, over all archives."""
    is_consistent: bool
    """Whether the event has the hash it carries; one that was changed vouches for nothing."""
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each file of the archive."""

    @property
    def words(self) -> str:
        """For whoever verifies the chain."""
        files = ", ".join(f"{name} sha256 {hashed}" for name, hashed in sorted(self.files.items()))
        by = f"{self.actor}: {self.reason}; {files}"
        part = f"events 1 to {self.last_sequence} were" if self.last_sequence else "no event of the chain was"
        return f"{part} archived by event {self.sequence} ({by})"


def last_anchor(connection: sa.Connection) -> Anchor | None:
    """The latest archive that the chain tells of; None when there was none, or what it tells makes no sense."""
    found = list(raw_events(connection, ARCHIVED))
    return _anchor(found[-1]) if found else None


def _anchor(row: RawEvent) -> Anchor | None:
    try:
        told = json.loads(str(row.facts["detail"]))
        return Anchor(
            sequence=row.sequence, actor=str(row.facts["actor"]), reason=str(row.facts["reason"]),
            last_sequence=int(told["last_sequence"]), last_hash=str(told["last_hash"]),
            proposed=int(told["proposed"]), corrections=int(told["corrections"]), files=dict(told["files"]),
            is_consistent=row.is_consistent,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return None  # an event changed behind our back: the walk over the chain reports it


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A correction that stays although events of its story are gone: what it was like at that moment."""

    sequence: int
    """Number of the event that vouches for it."""
    state: str
    last_event_sequence: int
    content: str


def carried_by(row: RawEvent) -> dict[str, Carried]:
    """What an archive vouches for, by correction."""
    told = json.loads(str(row.facts["detail"])).get("carried", {})
    return {key: Carried(sequence=row.sequence, **facts) for key, facts in told.items()}


def vouched(row: Record, changes: Sequence[Record], approvals: Sequence[Record]) -> dict[str, Any]:
    """What an archive writes down of a correction that stays."""
    return {
        "state": row["state"],
        "last_event_sequence": row["last_event_sequence"],
        "content": settled_content(row, changes, approvals),
    }


def settled_content(row: Record, changes: Sequence[Record], approvals: Sequence[Record]) -> str:
    """One hash over all that never changes any more once a correction is settled: facts, values, approvals."""
    facts = {name: row[name] for name in FACTS} | {name: amount_text(row[name]) for name in AMOUNTS}
    return digest(
        {
            "facts": facts,
            "content_hash": row["content_hash"],
            "changes": sorted([str(c[name]) for name in _CHANGE] for c in changes),
            "approvals": sorted([str(a[name]) for name in _APPROVAL] for a in approvals),
        }
    )
