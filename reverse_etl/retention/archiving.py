"""Takes what has outlived its retention out of the ledger: written to files first, then removed, in one transaction.

The chain stays verifiable: an event of its own names the last event that left with its hash, the files with theirs,
and vouches for every correction whose story it cuts (ADR 0026).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reverse_etl import audit
from reverse_etl.desk import Desk, note, require_person, require_reason, require_role
from reverse_etl.errors import LedgerError, NotAllowedError
from reverse_etl.ledger import writing
from reverse_etl.ledger.governance import waiver
from reverse_etl.ledger.schema import (
    approval,
    archived_correction,
    archived_event,
    attempt,
    audit_chain,
    audit_event,
    correction,
    correction_change,
    correction_dependency,
    event,
    event_delivery,
    inbox_message,
)
from reverse_etl.retention.due import Due, due
from reverse_etl.retention.files import write_archive

_CHUNK = 400
_OF_A_CORRECTION = (approval, attempt, correction_change, correction_dependency, waiver)


@dataclass(frozen=True, kw_only=True)
class Archive:
    """What was archived, where to, and the event that says so."""

    folder: Path
    files: dict[str, str]
    gone: Due
    event_sequence: int


def archive(desk: Desk, folder: Path, actor: str, roles: Sequence[str], reason: str) -> Archive:
    """Move what is due into new files in `folder` and record it in the chain: all of it or nothing.

    Raises `NotAllowedError` for somebody outside `retention.roles`, without a reason, or when nothing is due;
    `LedgerError` when the chain is not whole, as evidence of that must not leave; `ExportError` when the folder
    holds something or its files cannot be read back as they were written.
    """
    require_person(actor)
    require_reason(reason, "an archive")
    require_role(actor, roles, desk.policy.retention_roles, "archive")
    with writing(desk.engine) as connection:
        _require_whole(connection, "nothing was archived.")
        gone = due(connection, desk)
        if gone.is_empty:
            raise NotAllowedError(
                "nothing is older than its retention and may go (not_due).",
                hint="`concord corrections audit retention` shows the limits, and what is held back.",
            )
        files = write_archive(connection, folder, gone, _rows(connection, gone))
        sequence = _record(connection, desk, gone, files, actor, roles, reason)
        _remove(connection, gone)
        _require_whole(connection, "the ledger is as it was; the files are of no use.")
    return Archive(folder=folder, files=files, gone=gone, event_sequence=sequence)


def _require_whole(connection: sa.Connection, words: str) -> None:
    report = audit.verify(connection)
    if not report.is_valid:
        raise LedgerError(
            f"the audit chain is broken: {report.problems[0].words}; {words}",
            hint="`concord corrections audit verify` says where; compare with the last export or backup.",
        )


def _rows(connection: sa.Connection, gone: Due) -> Iterator[tuple[sa.Table, sa.RowMapping]]:
    """Every row that goes beside the chain, and the corrections that stay without all of their events."""
    kept = [*gone.corrections, *gone.carried]
    for table in (correction, *_OF_A_CORRECTION):
        yield from _chosen(connection, table, table.c.correction_id, kept)
    for table in (event, event_delivery):
        yield from _chosen(connection, table, table.c.event_id, gone.event_ids)
    yield from _chosen(connection, inbox_message, inbox_message.c.message_key, gone.messages)


def _chosen(
    connection: sa.Connection, table: sa.Table, column: sa.Column[Any], ids: Sequence[str]
) -> Iterator[tuple[sa.Table, sa.RowMapping]]:
    for part in _parts(ids):
        query = sa.select(table).where(column.in_(part)).order_by(*table.primary_key)
        for row in connection.execute(query).mappings():
            yield table, row


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _record(
    connection: sa.Connection,
    desk: Desk,
    gone: Due,
    files: dict[str, str],
    actor: str,
    roles: Sequence[str],
    reason: str,
) -> int:
    """The event of this archive: while it stands in the chain, it is where the chain begins."""
    before = audit.last_anchor(connection)
    detail = {
        "last_sequence": gone.last_sequence,
        "last_hash": _hash_of_last(connection, gone),
        "proposed": _proposed(connection, gone.last_sequence) + (before.proposed if before else 0),
        "corrections": len(gone.corrections) + (before.corrections if before else 0),
        "carried": _vouched(connection, gone.carried),
        "events": len(gone.event_ids),
        "messages": len(gone.messages),
        "limits": {
            "corrections": gone.limits.corrections.isoformat(),
            "events": gone.limits.events.isoformat(),
            "inbox": gone.limits.inbox.isoformat(),
        },
        "files": files,
        "roles": list(roles),
    }
    return note(connection, desk, audit.ARCHIVED, actor, reason, detail)


def _hash_of_last(connection: sa.Connection, gone: Due) -> str:
    if not gone.audit_events:
        return str(connection.execute(sa.select(audit_chain.c.start_hash)).scalar_one())
    c = audit_event.c
    return str(connection.execute(sa.select(c.hash).where(c.sequence == gone.last_sequence)).scalar_one())


def _proposed(connection: sa.Connection, last: int) -> int:
    c = audit_event.c
    query = sa.select(sa.func.count()).where(c.event == "proposed", c.sequence <= last)
    return int(connection.execute(query).scalar_one())


def _vouched(connection: sa.Connection, carried: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in _parts(carried):
        by_table: dict[str, dict[str, list[sa.RowMapping]]] = {}
        for table in (correction, correction_change, approval):
            mine = by_table.setdefault(table.name, {})
            for _, row in _chosen(connection, table, table.c.correction_id, part):
                mine.setdefault(row["correction_id"], []).append(row)
        for name, (row,) in by_table[correction.name].items():
            changes, approvals = by_table[correction_change.name], by_table[approval.name]
            found[name] = audit.vouched(row, changes.get(name, []), approvals.get(name, []))
    return found


def _remove(connection: sa.Connection, gone: Due) -> None:
    """The start moves first: the triggers let nothing go that is not before it."""
    if gone.audit_events:
        start = {"start_sequence": gone.last_sequence, "start_hash": _hash_of_last(connection, gone)}
        connection.execute(audit_chain.update().values(**start))
        connection.execute(audit_event.delete().where(audit_event.c.sequence <= gone.last_sequence))
    for part in _parts(gone.corrections):
        keys = sa.select(correction.c.correction_id, correction.c.correction_key)
        mine = keys.where(correction.c.correction_id.in_(part))
        connection.execute(archived_correction.insert().from_select(list(archived_correction.columns), mine))
        for table in (*_OF_A_CORRECTION, correction):
            connection.execute(table.delete().where(table.c.correction_id.in_(part)))
    for part in _parts(gone.event_ids):
        connection.execute(archived_event.insert(), [{"event_id": one} for one in part])
        for table in (event_delivery, event):
            connection.execute(table.delete().where(table.c.event_id.in_(part)))
    for part in _parts(gone.messages):
        connection.execute(inbox_message.delete().where(inbox_message.c.message_key.in_(part)))
