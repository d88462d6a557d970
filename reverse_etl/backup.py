"""Backup of a ledger in one portable file, from and to either database.

A gzipped text: a header line, one JSON line per row, a last line with counts and the SHA-256 of all before it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reverse_etl.errors import BackupError
from reverse_etl.ledger.schema import REVISION, Moment, Money, audit_chain, metadata
from reverse_etl.values import canonical_json

FORMAT = "concord-ledger/1"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    revision: str
    taken_at: datetime
    end_sequence: int
    end_hash: str
    rows: Mapping[str, int]
    digest: str
    """SHA-256 of the content, in hexadecimal."""


def take_backup(engine: sa.Engine, file: Path, taken_at: datetime) -> Manifest:
    """Write one consistent moment of the ledger to `file` while work goes on.

    Raises `BackupError` when the file exists already. A backup that is not finished leaves no file.
    """
    if file.exists():
        raise BackupError(f"{file} exists already.", hint="name a new file; backups are never overwritten.")
    partial = file.with_name(file.name + ".partial")
    try:
        with _snapshot(engine) as connection:
            _write(connection, partial, taken_at)
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
    return read_manifest(file)


@contextmanager
def _snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction in which every statement sees the same moment."""
    options: dict[str, Any] = {"concord_read": True}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def _write(connection: sa.Connection, file: Path, taken_at: datetime) -> None:
    seen = hashlib.sha256()
    counts: Counter[str] = Counter()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with gzip.open(os.fdopen(descriptor, "wb"), "wt", encoding="utf-8") as out:
        for line in _lines(connection, taken_at, counts):
            seen.update(line.encode() + b"\n")
            out.write(line + "\n")
        out.write(canonical_json({"end": {"rows": dict(counts), "sha256": seen.hexdigest()}}) + "\n")


def _lines(connection: sa.Connection, taken_at: datetime, counts: Counter[str]) -> Iterator[str]:
    chain = connection.execute(sa.select(audit_chain)).mappings().one()
    yield canonical_json(
        {
            "format": FORMAT,
            "revision": REVISION,
            "taken_at": taken_at.isoformat(),
            "end_sequence": chain["end_sequence"],
            "end_hash": chain["end_hash"],
        }
    )
    _require_all_known(connection)
    for table in metadata.sorted_tables:
        for row in (
            connection.execute(sa.select(table).order_by(*table.primary_key)).mappings().yield_per(500)
        ):
            counts[table.name] += 1
            yield row_line(table, row)


def row_line(table: sa.Table, row: sa.RowMapping) -> str:
    """One row as a line of a backup or an archive. Raises `BackupError` for a value it cannot carry."""
    return canonical_json({"table": table.name, "row": {n: _plain(table, n, v) for n, v in row.items()}})


def _require_all_known(connection: sa.Connection) -> None:
    """A table that this process does not know would be left out in silence."""
    present = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    unknown = sorted(present - set(metadata.tables))
    if unknown:
        raise BackupError(
            f"the ledger has tables that are not Concord's: {', '.join(unknown)}.",
            hint="move them to a database of their own; nothing was written.",
        )


def _plain(table: sa.Table, column: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise BackupError(
        f"{table.name}.{column} holds a {type(value).__name__}, which a backup cannot carry.",
        hint="report it; nothing was written.",
    )


def read_manifest(file: Path) -> Manifest:
    """Check a backup from its first to its last byte and say what it holds.

    Raises `BackupError` when it is cut, damaged, changed or no backup at all.
    """
    header: dict[str, Any] | None = None
    end: dict[str, Any] | None = None
    seen, counts = hashlib.sha256(), Counter[str]()
    for number, (line, facts) in enumerate(_parsed(file), start=1):
        if end is not None:
            raise _damaged(file, f"line {number} stands after its end")
        if "end" in facts:
            end = facts["end"]
            continue
        if number == 1:
            header = facts
        else:
            counts[str(facts.get("table"))] += 1
        seen.update(line.encode() + b"\n")
    if header is None or header.get("format") != FORMAT:
        raise _damaged(file, f"it does not start as a {FORMAT}")
    if end is None:
        raise _damaged(file, "it is cut short")
    if end != {"rows": dict(counts), "sha256": seen.hexdigest()}:
        raise _damaged(file, "its content does not have the SHA-256 and the row counts it ends with")
    facts = {name: header[name] for name in ("revision", "end_sequence", "end_hash")}
    taken_at = datetime.fromisoformat(header["taken_at"])
    return Manifest(**facts, taken_at=taken_at, rows=dict(counts), digest=seen.hexdigest())


def _damaged(file: Path, words: str) -> BackupError:
    return BackupError(f"{file} is no whole backup of a ledger: {words}.", hint="use another backup.")


def _parsed(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") as source:
            for line in source:
                facts = json.loads(line)
                if not isinstance(facts, dict):
                    raise _damaged(file, f"it has a line that is no object: {line[:40]!r}")
                yield line.rstrip("\n"), facts
    except (OSError, EOFError, ValueError) as error:
        raise _damaged(file, str(error)) from error


def rows(file: Path) -> Iterator[tuple[sa.Table, dict[str, Any]]]:
    """The rows of a backup that `read_manifest` has found whole, in an order that foreign keys allow."""
    for _, facts in _parsed(file):
        if "table" not in facts:
            continue
        table = metadata.tables.get(facts["table"])
        unknown = set(facts["row"]) - set(table.columns.keys()) if table is not None else set()
        if table is None or unknown:
            raise _damaged(
                file, f"this version knows no {facts['table']} {' '.join(sorted(unknown))}".strip()
            )
        yield table, {name: _typed(table.columns[name], value) for name, value in facts["row"].items()}


def _typed(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, Moment | sa.DateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, sa.Date):
        return date.fromisoformat(value)
    return Decimal(value) if isinstance(column.type, Money | sa.Numeric) else value
