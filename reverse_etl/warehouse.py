"""Reads the published copy: proposed corrections, open findings, and how fresh each source is.

The only module of this package that knows DuckDB. It opens the copy read-only and for the length of one read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from reverse_etl.errors import PublishedCopyError
from reverse_etl.proposals import as_utc
from reverse_etl.values import encode


@dataclass(frozen=True, kw_only=True)
class CheckRun:
    """Whether a check could run on this copy, and as of when."""

    check_id: str
    is_evaluated: bool
    reason: str | None
    detected_as_of: datetime | None


@dataclass(frozen=True, kw_only=True)
class PublishedState:
    """What verification needs to know, read at one moment."""

    rows: Sequence[Mapping[str, Any]]
    finding_ids: frozenset[str]
    check_runs: Mapping[str, CheckRun]
    read_until: Mapping[tuple[str, str], datetime]
    """(instance, raw table) -> the moment up to which its last complete read saw changes."""

    def read_of(self, instance: str, table: str) -> datetime | None:
        """How far the target has been read; by the instance's oldest table when the table is not listed."""
        if (instance, table) in self.read_until:
            return self.read_until[(instance, table)]
        others = [moment for (name, _), moment in self.read_until.items() if name == instance]
        return min(others) if others else None


class Published:
    """The published copy at `path` (a symlink that moves to the newest build)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def proposals(self) -> list[dict[str, Any]]:
        """Every row of every `sync` model, one per field."""
        with self._open() as connection:
            return _proposals(connection)

    def state(self) -> PublishedState:
        """Proposals, findings, check runs and freshness of one and the same copy."""
        with self._open() as connection:
            return PublishedState(
                rows=_proposals(connection),
                finding_ids=frozenset(
                    row["finding_id"]
                    for row in _rows(connection, "SELECT finding_id FROM reconciliation.fct_findings")
                ),
                check_runs=_check_runs(connection),
                read_until=_freshness(connection),
            )

    def read(self, statements: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
        """Name -> rows of several queries on one and the same copy."""
        with self._open() as connection:
            return {name: _rows(connection, query) for name, query in statements.items()}

    def saga_facts(self, model: str, trigger_key: str | None = None) -> list[dict[str, str | None]]:
        """Facts of a saga's triggers as ledger text, one row per trigger; of one trigger when its key is given."""
        query = (
            f'SELECT * FROM sync."{model}" WHERE coalesce(?, trigger_key) = trigger_key ORDER BY trigger_key'  # noqa: S608 - the name is an identifier of config/sagas.yml
        )
        with self._open() as connection:
            rows = _rows(connection, query, [trigger_key])
        return [{name: encode(value) for name, value in row.items()} for row in rows]

    def evidence(self, finding_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The records of each system behind findings, in the order they are to be shown."""
        if not finding_ids:
            return []
        marks = ", ".join("?" for _ in finding_ids)
        query = f"""
            SELECT finding_id, role, system, instance, object_type, record_id, label, field_name, field_value
            FROM reconciliation.fct_finding_record WHERE finding_id IN ({marks})
            ORDER BY finding_id, record_order, field_name
        """  # noqa: S608 - only question marks are put in
        with self._open() as connection:
            return _rows(connection, query, list(finding_ids))

    def _open(self) -> duckdb.DuckDBPyConnection:
        if not self.path.exists():
            raise PublishedCopyError(
                f"there is no published copy at {self.path}.", hint="run `make run` (or `concord run`) first."
            )
        return duckdb.connect(str(self.path.resolve()), read_only=True)


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    try:
        cursor = connection.execute(query, list(values))
    except duckdb.CatalogException as error:
        raise PublishedCopyError(
            f"the published copy lacks a table: {str(error).splitlines()[0]}",
            hint="publish again after a complete build.",
        ) from error
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _tables(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    query = """
        SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name
    """
    return [row["table_name"] for row in _rows(connection, query, [schema])]


def _proposals(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    tables = [name for name in _tables(connection, "sync") if name.startswith("sync_")]
    if not tables:
        raise PublishedCopyError(
            "the published copy has no sync models.", hint="publish again after a complete build."
        )
    rows: list[dict[str, Any]] = []
    for name in tables:
        query = f'SELECT * FROM sync."{name}" ORDER BY correction_key, field'  # noqa: S608 - a catalog name
        rows += _rows(connection, query)
    return rows


def _check_runs(connection: duckdb.DuckDBPyConnection) -> dict[str, CheckRun]:
    query = "SELECT check_id, is_evaluated, reason, detected_as_of FROM reconciliation.fct_check_run"
    runs: dict[str, CheckRun] = {}
    for row in _rows(connection, query):
        moment = row["detected_as_of"]
        runs[row["check_id"]] = CheckRun(
            check_id=row["check_id"],
            is_evaluated=bool(row["is_evaluated"]),
            reason=row["reason"],
            detected_as_of=as_utc(moment) if isinstance(moment, datetime) else None,
        )
    return runs


def _freshness(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], datetime]:
    """How far each table was read: by the runs of ingestion when published, else by the freshness page."""
    if "sync_run" in _tables(connection, "raw_landing"):
        return _by_runs(connection)
    query = "SELECT instance, object, last_success_at FROM leadership.rpt_data_freshness"
    return {
        (row["instance"], row["object"]): as_utc(row["last_success_at"])
        for row in _rows(connection, query)
        if row["last_success_at"] is not None
    }


def _by_runs(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], datetime]:
    query = """
        SELECT _instance AS instance, max(coalesce(complete_until, started_at)) AS moment
        FROM raw_landing.sync_run WHERE status = 'ok' GROUP BY _instance
    """
    return {(row["instance"], "*"): as_utc(row["moment"]) for row in _rows(connection, query)}
