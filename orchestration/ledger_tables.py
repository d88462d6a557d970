"""What people and machines decided, from the ledger, as tables of schema `raw_ledger`: SQL reads waivers and states.

The ledger stays the only place where a decision is made; these are copies, taken anew before each build. Only
this package may see both sides: reverse_etl knows no warehouse to write to, and ingestion no ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from config.paths import Home
from reverse_etl.ledger import closing, findings, governance, identity, open_ledger, reading
from reverse_etl.ledger.schema import Moment, Money, correction, correction_change

# Ledger table -> the columns that leave it. Evidence, leases and idempotency keys stay where they are.
_TABLES: tuple[tuple[sa.Table, tuple[str, ...]], ...] = (
    (
        governance.waiver,
        (
            "waiver_id", "correction_id", "correction_key", "actor", "reason", "granted_at", "expires_at",
            "ended_at", "ended_by",
        ),
    ),
    (
        correction,
        (
            "correction_id", "sequence", "kind", "correction_key", "check_id", "operation", "target_system",
            "target_instance", "target_object", "target_record_id", "state", "state_class", "mode",
            "amount_at_risk_rc", "source_loaded_at", "proposed_at", "decided_at", "delivered_at", "verified_at",
            "updated_at",
        ),
    ),
    (correction_change, ("correction_id", "field", "finding_id")),
    (findings.finding, tuple(findings.finding.columns.keys())),
    (
        findings.finding_decision,
        (
            "decision_id", "finding_id", "kind", "reason_class", "reason", "actor", "decided_at", "expires_at",
            "ended_at", "ended_by",
        ),
    ),
    (
        identity.identity_decision,
        (
            "decision_id", "record_key", "target_key", "kind", "method", "score", "linked_from", "actor", "reason",
            "decided_at", "ended_at", "ended_by",
        ),
    ),
    (
        closing.close_month,
        (
            "legal_entity_id", "month", "round", "state", "as_of", "frozen_at", "frozen_by", "reopened_at",
            "reopened_by",
        ),
    ),
    (closing.close_figure, tuple(closing.close_figure.columns.keys())),
    (closing.close_item, tuple(closing.close_item.columns.keys())),
)  # fmt: skip

_TYPES: tuple[tuple[type, str, pa.DataType], ...] = (
    (Moment, "timestamptz", pa.timestamp("us", tz="UTC")),
    (Money, "decimal(18, 4)", pa.decimal128(18, 4)),
    (sa.Boolean, "boolean", pa.bool_()),
    (sa.Integer, "bigint", pa.int64()),
    (sa.Date, "date", pa.date32()),
    (sa.String, "text", pa.string()),
)


def ledger_table_names() -> tuple[str, ...]:
    """Tables of `raw_ledger`, named as in the ledger."""
    return tuple(table.name for table, _ in _TABLES)


def load_ledger_tables(home: Home, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Replace all `raw_ledger` tables in one transaction, from one moment of the ledger; returns rows per table.

    A deployment without a ledger gets empty tables. The caller holds the warehouse lock when the connection is to
    the build file. Raises `LedgerError` when the ledger is there and cannot be read: a build that takes nothing
    for no decision would reopen every waived finding.
    """
    rows = _read(home.ledger_url)
    connection.execute("create schema if not exists raw_ledger")
    connection.execute("begin")
    try:
        for table, columns in _TABLES:
            _replace(connection, table, columns, rows[table.name])
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
    return {name: len(found) for name, found in rows.items()}


def _read(url: str) -> dict[str, list[Sequence[Any]]]:
    if not _exists(url):
        return {table.name: [] for table, _ in _TABLES}
    engine = open_ledger(url)
    try:
        with reading(engine) as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(_select(table, columns))]
                for table, columns in _TABLES
            }
    finally:
        engine.dispose()


def _exists(url: str) -> bool:
    parsed = sa.make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(str(parsed.database)).exists()


def _select(table: sa.Table, columns: Sequence[str]) -> sa.Select[Any]:
    return sa.select(*(table.c[name] for name in columns)).order_by(*table.primary_key)


def _replace(
    connection: duckdb.DuckDBPyConnection, table: sa.Table, columns: Sequence[str], rows: list[Sequence[Any]]
) -> None:
    types = [_type(table.c[name]) for name in columns]
    listed = ", ".join(f'"{name}" {sql}' for name, (sql, _) in zip(columns, types, strict=True))
    connection.execute(f"create or replace table raw_ledger.{table.name} ({listed})")
    if rows:
        arrays = [
            pa.array(values, kind) for values, (_, kind) in zip(zip(*rows, strict=True), types, strict=True)
        ]
        connection.register("ledger_rows", pa.table(arrays, names=list(columns)))
        connection.execute(f"insert into raw_ledger.{table.name} select * from ledger_rows")  # noqa: S608
        connection.unregister("ledger_rows")


def _type(column: sa.Column[Any]) -> tuple[str, pa.DataType]:
    """The type SQL sees, and the one rows travel in: exact money, aware moments, text."""
    for kind, sql, arrow in _TYPES:
        if isinstance(column.type, kind):
            return sql, arrow
    raise TypeError(
        f"{column.table.name}.{column.name}: {column.type!r} has no type in raw_ledger; add it here."
    )
