"""The files of an archive: the events as an export that verifies by itself, and the rows beside them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa

from reverse_etl import audit
from reverse_etl.backup import row_line
from reverse_etl.errors import ExportError
from reverse_etl.retention.due import Due
from reverse_etl.values import canonical_json

AUDIT, ROWS = "audit.jsonl", "rows.jsonl"
FORMAT = "concord-archive/1"


def write_archive(
    connection: sa.Connection, folder: Path, gone: Due, rows: Iterable[tuple[sa.Table, sa.RowMapping]]
) -> dict[str, str]:
    """Write both files, on disk before this returns; gives the SHA-256 of each as it was read back.

    Raises `ExportError` when the folder is not empty, or when the events read back are not those of the ledger.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ExportError(
            f"{folder} is not empty.", hint="name a new folder; archives are never overwritten."
        )
    _write(folder / AUDIT, audit.export_part(connection, gone.first_sequence, gone.last_sequence))
    _write(folder / ROWS, _lines(rows))
    with (folder / AUDIT).open(encoding="utf-8") as lines:
        report = audit.verify_export(lines)
    if not report.is_valid or report.events != gone.audit_events:
        found = (
            report.problems[0].words if report.problems else f"{report.events} of {gone.audit_events} events"
        )
        raise ExportError(
            f"{folder / AUDIT} read back is not what was written: {found}.",
            hint="nothing was removed; check the disk and name another folder.",
        )
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (AUDIT, ROWS)}


def _lines(rows: Iterable[tuple[sa.Table, sa.RowMapping]]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for table, row in rows:
        counts[table.name] += 1
        yield row_line(table, row)
    yield canonical_json({"end": {"format": FORMAT, "rows": dict(counts)}})


def _write(file: Path, lines: Iterable[str]) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        for line in lines:
            out.write(line + "\n")
        out.flush()
        os.fsync(out.fileno())
