"""Restores a backup into an empty ledger: whole or not at all, and nothing is written twice afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reverse_etl import audit, backup, store
from reverse_etl.backup import Manifest
from reverse_etl.errors import BackupError
from reverse_etl.ledger import ledger_engine, migrate, revision_of, writing
from reverse_etl.ledger.schema import attempt, audit_chain, correction, metadata
from reverse_etl.models import State
from reverse_etl.store import Move

_BATCH = 500


def restore_backup(url: str, file: Path, *, actor: str, now: datetime, policy_version: str) -> Manifest:
    """Fill the empty ledger at `url` with a backup, verify it and record who did it.

    What was in flight when the backup was taken becomes in doubt: since then it may have been written, so the
    vendor is read before anything is sent. Raises `BackupError` when the file is not whole, the ledger is not
    empty, or the chain in the backup does not verify.
    """
    manifest = backup.read_manifest(file)
    engine = ledger_engine(url)
    try:
        if revision_of(engine) is None:
            migrate(engine, manifest.revision)
        _require_empty(engine, manifest)
        with writing(engine) as connection, _without_triggers(connection):
            _clear(connection)
            _load(connection, file)
        migrate(engine)
        _require_whole(engine, file)
        with writing(engine) as connection:
            doubtful = _into_doubt(connection, manifest, now, policy_version)
            _record(connection, manifest, actor, now, policy_version, doubtful)
    finally:
        engine.dispose()
    return manifest


def _require_empty(engine: sa.Engine, manifest: Manifest) -> None:
    with engine.connect() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(correction)).scalar_one()
        end = connection.execute(sa.select(sa.func.max(audit_chain.c.end_sequence))).scalar()
    if count or end:
        raise BackupError(
            f"the ledger is not empty: {count} corrections, {end} events.",
            hint="restore into a new database (CONCORD_LEDGER_URL); a ledger is never overwritten.",
        )
    if revision_of(engine) != manifest.revision:
        raise BackupError(
            f"the ledger has schema {revision_of(engine)}, the backup {manifest.revision}.",
            hint="restore into a database that does not exist yet; it is brought up to date afterwards.",
        )


def _clear(connection: sa.Connection) -> None:
    """Take out what migrations put into an empty ledger; the backup brings its own."""
    present = sa.inspect(connection).get_table_names()
    for table in reversed(metadata.sorted_tables):
        if table.name in present:
            connection.execute(table.delete())


def _load(connection: sa.Connection, file: Path) -> None:
    for table, group in groupby(backup.rows(file), key=lambda pair: pair[0]):
        for batch in _batches(row for _, row in group):
            connection.execute(table.insert(), batch)


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield batch


@contextmanager
def _without_triggers(connection: sa.Connection) -> Iterator[None]:
    """Load rows as they were: the triggers' rules held when they were written, and hold again afterwards."""
    if connection.dialect.name == "postgresql":
        tables = sa.inspect(connection).get_table_names()
        for table in tables:
            connection.execute(sa.DDL(f'ALTER TABLE "{table}" DISABLE TRIGGER USER'))
        yield
        for table in tables:
            connection.execute(sa.DDL(f'ALTER TABLE "{table}" ENABLE TRIGGER USER'))
        return
    found = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = connection.execute(found).all()
    for trigger in triggers:
        connection.execute(sa.DDL(f'DROP TRIGGER "{trigger.name}"'))
    yield
    for trigger in triggers:
        connection.execute(sa.DDL(trigger.sql.replace("%", "%%")))


def _require_whole(engine: sa.Engine, file: Path) -> None:
    report = audit.verify_chain(engine)
    if not report.is_valid:
        raise BackupError(
            f"the audit chain in {file} is broken: {report.problems[0].words}.",
            hint="do not use this ledger; restore an older backup into another database.",
        )


def _into_doubt(
    connection: sa.Connection, manifest: Manifest, now: datetime, policy_version: str
) -> list[str]:
    """What a worker held at the moment of the backup may have been written since."""
    c = correction.c
    held = connection.execute(
        sa.select(c.correction_id, c.lease_token).where(c.state == State.IN_FLIGHT)
    ).all()
    words = f"restored from a backup of {manifest.taken_at:%Y-%m-%d %H:%M}Z: the vendor is read before anything is sent"
    for row in held:
        connection.execute(
            attempt.update()
            .where(attempt.c.correction_id == row.correction_id, attempt.c.outcome.is_(None))
            .values(is_intent=True, outcome="unknown", finished_at=now, error_class="restored")
        )
        step = Move(
            to=State.IN_DOUBT, event="restored", actor="service:concord", now=now, reason=words,
            policy_version=policy_version, state_class="restored", lease_token=row.lease_token,
        )  # fmt: skip
        store.move(connection, row.correction_id, step)
    return [row.correction_id for row in held]


def _record(
    connection: sa.Connection,
    manifest: Manifest,
    actor: str,
    now: datetime,
    policy_version: str,
    doubtful: list[str],
) -> None:
    audit.append(
        connection,
        occurred_at=now,
        event="ledger_restored",
        actor=actor,
        reason=f"restored from a backup of {manifest.taken_at.isoformat()}",
        policy_version=policy_version,
        detail={
            "sha256": manifest.digest,
            "end_sequence": manifest.end_sequence,
            "end_hash": manifest.end_hash,
            "in_doubt": doubtful,
        },
    )
