"""The same raw rows on DuckDB and on PostgreSQL, and what their marts hold, comparable row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

MARTS = ("canonical", "history", "reconciliation", "leadership", "sync")
TYPES = {"VARCHAR": "text", "JSON": "text", "DOUBLE": "double precision", "HUGEINT": "numeric(38)"}
NULL = "\\N"


def postgres_environment(url: sa.URL) -> dict[str, str]:
    """What profiles.yml asks for to build on that database."""
    host = url.query["host"]
    assert isinstance(host, str)
    return {
        "CONCORD_POSTGRES_HOST": host,
        "CONCORD_POSTGRES_USER": str(url.username),
        "CONCORD_POSTGRES_DATABASE": str(url.database),
        "PGTZ": "UTC",
    }


def copy_raw(warehouse: Path, url: sa.URL, workshop: Path) -> int:
    """Put every raw table of the warehouse into the database, replacing what was there; returns rows copied."""
    engine = sa.create_engine(url)
    connection = engine.raw_connection()
    copied = 0
    with duckdb.connect(str(warehouse), read_only=True) as source, connection.cursor() as cursor:
        source.execute("set timezone = 'UTC'")
        names = source.execute(
            "select schema_name, table_name from duckdb_tables() "
            r"where schema_name like 'raw\_%' escape '\' and table_name not like '\_dlt%' escape '\' order by all"
        ).fetchall()
        for schema in dict.fromkeys(schema for schema, _ in names):
            cursor.execute(f'drop schema if exists "{schema}" cascade; create schema "{schema}"')
        for schema, table in names:
            listed = ", ".join(
                f'"{name}" {TYPES.get(kind, kind)}' for name, kind in _columns(source, schema, table)
            )
            cursor.execute(f'create table "{schema}"."{table}" ({listed})')
            file = workshop / "rows.csv"
            source.execute(
                f"copy \"{schema}\".\"{table}\" to '{file}' (format csv, header false, nullstr '{NULL}')"
            )
            with file.open() as rows:
                cursor.copy_expert(
                    f'copy "{schema}"."{table}" from stdin (format csv, null \'{NULL}\')', rows
                )
            copied += cursor.rowcount
    connection.commit()
    connection.close()
    engine.dispose()
    return copied


def duckdb_hashes(warehouse: Path) -> dict[str, tuple[int, str]]:
    """'schema.table' -> rows and a hash that does not depend on their order, for every mart."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return {
            f"{schema}.{table}": _hash(connection.execute(_select(schema, table, columns)).fetchall())
            for schema, table, columns in marts(warehouse)
        }


def postgres_hashes(url: sa.URL, tables: Iterable[tuple[str, str, list[str]]]) -> dict[str, tuple[int, str]]:
    """The same of the database; a table that is missing there fails."""
    engine = sa.create_engine(url, connect_args={"options": "-c timezone=UTC"})
    with engine.connect() as connection:
        found = {
            f"{schema}.{table}": _hash(connection.exec_driver_sql(_select(schema, table, columns)).fetchall())
            for schema, table, columns in tables
        }
    engine.dispose()
    return found


def marts(warehouse: Path) -> list[tuple[str, str, list[str]]]:
    """(schema, table, columns) of every mart."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = connection.execute(
            f"select schema_name, table_name from duckdb_tables() where schema_name in {MARTS} order by all"
        ).fetchall()
        return [
            (schema, table, [name for name, _ in _columns(connection, schema, table)])
            for schema, table in names
        ]


def differing(
    left: Mapping[str, tuple[int, str]], right: Mapping[str, tuple[int, str]]
) -> dict[str, tuple[int, int]]:
    """Tables whose rows differ, with both row counts."""
    return {name: (left[name][0], right[name][0]) for name in left if left[name] != right[name]}


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[tuple[str, str]]:
    return connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()


def _select(schema: str, table: str, columns: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in columns)
    return f'select {listed} from "{schema}"."{table}"'


def _hash(rows: Iterable[Iterable[Any]]) -> tuple[int, str]:
    lines = sorted("\x1f".join(_texts(row)) for row in rows)
    return len(lines), hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def _texts(row: Iterable[Any]) -> Iterator[str]:
    """A decimal keeps its scale: 1.50 and 1.5 are different answers of a model that promises two places."""
    for value in row:
        if isinstance(value, datetime):
            yield value.astimezone(UTC).isoformat()
        elif isinstance(value, Decimal):
            yield format(value, "f")
        else:
            yield "\0" if value is None else str(value)
