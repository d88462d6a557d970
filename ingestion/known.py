"""What the warehouse already holds of one instance: which records live, and how new their versions are."""

from __future__ import annotations

from datetime import UTC, date, datetime

import duckdb

from ingestion.collect import micros
from ingestion.tables import Table
from ingestion.warehouse import table_exists

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def alive_ids(
    connection: duckdb.DuckDBPyConnection,
    dataset: str,
    table: Table,
    instance: str,
    overlap: tuple[date, date] | None = None,
) -> set[str]:
    """Record ids not covered by a tombstone at least as young as the row; `overlap` is a range of days.

    Raises ValueError when a range is asked of a table that declares no window columns.
    """
    if not table_exists(connection, dataset, table.name):
        return set()
    condition, parameters = "", [table.name, instance]
    if overlap is not None:
        if table.window is None:
            raise ValueError(f"table {table.name!r} declares no window columns")
        first, last = table.window
        condition = f' and r."{first}" <= ?::date and r."{last}" >= ?::date'
        parameters += [overlap[1].isoformat(), overlap[0].isoformat()]
    found = connection.execute(
        f'select {_record(table)} from "{dataset}"."{table.name}" r '  # noqa: S608
        f'left join "{dataset}".tombstone t on t._instance = r._instance and t.object = ? '
        f"and t.record_id = {_record(table)} "
        f"where r._instance = ? and (t.record_id is null or t._loaded_at < r._loaded_at){condition}",
        parameters,
    ).fetchall()
    return {row[0] for row in found}


def known_cursors(
    connection: duckdb.DuckDBPyConnection, dataset: str, table: Table, instance: str, since: datetime | None
) -> dict[str, int]:
    """Cursor in microseconds of each record changed since then, or ever; a deleted one counts from its deletion.

    A version older than these is a stale read. A record the vendor itself reported deleted lives again
    only with a later cursor, also when no version of it ever landed.
    """
    if table.cursor is None:
        return {}
    known: dict[str, int] = {}
    start = since or _BEGINNING
    if table_exists(connection, dataset, table.name):
        rows = connection.execute(
            f'select {_record(table)}, "{table.cursor}"::timestamptz from "{dataset}"."{table.name}" r '  # noqa: S608
            f'where _instance = ? and "{table.cursor}" >= ?',
            [instance, start],
        ).fetchall()
        known = {record: micros(cursor) for record, cursor in rows}
    if table_exists(connection, dataset, "tombstone"):
        dead = connection.execute(
            f'select record_id, deleted_at from "{dataset}".tombstone '  # noqa: S608
            "where _instance = ? and object = ? and deleted_at >= ? "
            "and origin in ('deleted_feed', 'recycle_bin')",
            [instance, table.name, start],
        ).fetchall()
        for record, deleted_at in dead:
            known[record] = max(known.get(record, 0), micros(deleted_at) + 1)
    return known


def _record(table: Table) -> str:
    return "concat_ws('|', " + ", ".join(f'r."{name}"' for name in table.key) + ")"
