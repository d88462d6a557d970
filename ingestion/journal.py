"""What a run leaves beside the rows: quarantine, control totals, drift and the run itself.

These travel inside the dlt package of the rows they speak of, in transport tables of the raw dataset, and
are moved to `raw_landing` after the load. So a kill at any moment neither loses nor invents an entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.landing import QuarantinedRow
from ingestion.pipeline import LoadTable
from ingestion.warehouse import table_exists

_MOMENT = pa.timestamp("us", tz="UTC")
_TEXT = pa.string()
_COUNT = pa.int64()

_TRANSPORT: dict[str, pa.Schema] = {
    "quarantine": pa.schema(
        [(name, _TEXT) for name in ("quarantine_id", "_instance", "system", "object", "record_id", "field",
                                    "reason", "rule", "payload")]
        + [("quarantined_at", _MOMENT), ("run_id", _TEXT), ("state", _TEXT)]
    ),
    "control_total": pa.schema(
        [(name, _TEXT) for name in ("_instance", "system", "object", "run_id")]
        + [(name, _COUNT) for name in ("rows_read", "rows_landed", "rows_quarantined")]
        + [(name, _TEXT) for name in ("hash_total", "first_cursor", "last_cursor")]
        + [("_loaded_at", _MOMENT)]
    ),
    "control_amount": pa.schema(
        [(name, _TEXT) for name in ("_instance", "system", "object", "run_id", "column_name")]
        + [("amount", pa.decimal128(28, 4)), ("_loaded_at", _MOMENT)]
    ),
    "schema_drift": pa.schema(
        [(name, _TEXT) for name in ("_instance", "object", "column_name", "kind")]
        + [("first_seen", _MOMENT)]
    ),
    "canary": pa.schema(
        [(name, _TEXT) for name in ("_instance", "system", "run_id", "name")] + [("value", _COUNT)]
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One attempt, as `raw_landing.sync_run` keeps it."""

    instance: str
    system: str
    run_id: str
    mode: str
    started_at: datetime
    finished_at: datetime
    status: str  # ok | failed
    error: str | None = None
    rows_read: int = 0
    complete_until: datetime | None = None  # everything the vendor showed up to here is in the warehouse


def transport(kind: str, rows: list[dict[str, Any]]) -> list[LoadTable]:
    """The load table that carries these entries, or none when there is nothing to carry."""
    if not rows:
        return []
    arrow = pa.Table.from_pylist(rows, schema=_TRANSPORT[kind])
    return [LoadTable(name=f"landing_{kind}", key=(), arrow=arrow)]


def quarantine_rows(
    refused: Iterable[QuarantinedRow], system: str, run_id: str, quarantined_at: datetime
) -> list[dict[str, Any]]:
    """Entries for `raw_landing.quarantine`."""
    return [
        {
            "quarantine_id": row.quarantine_id,
            "_instance": row.instance,
            "system": system,
            "object": row.object,
            "record_id": row.record_id,
            "field": row.field,
            "reason": row.reason,
            "rule": row.rule,
            "payload": row.payload,
            "quarantined_at": quarantined_at,
            "run_id": run_id,
            "state": "open",
        }
        for row in refused
    ]


def receive(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Move entries of completed loads from the transport tables to `raw_landing`; harmless to repeat.

    Those of a load that was killed half way go: its rows are read again and make their own entries.
    """
    for kind, schema in _TRANSPORT.items():
        if not table_exists(connection, dataset, f"landing_{kind}"):
            continue
        columns = ", ".join(schema.names)
        connection.execute("begin")
        connection.execute(
            f"insert or ignore into raw_landing.{kind} ({columns}) "  # noqa: S608
            f'select {columns} from "{dataset}".landing_{kind} where _dlt_load_id in '
            f'(select load_id from "{dataset}"._dlt_loads where status = 0)'
        )
        connection.execute(f'delete from "{dataset}".landing_{kind}')  # noqa: S608
        connection.execute("commit")


def record_run(connection: duckdb.DuckDBPyConnection, run: RunRecord) -> None:
    """Keep one attempt; the same run recorded twice keeps the first."""
    connection.execute(
        "insert or ignore into raw_landing.sync_run values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            run.instance,
            run.system,
            run.run_id,
            run.mode,
            run.started_at,
            run.finished_at,
            run.status,
            run.error,
            run.rows_read,
            run.complete_until,
        ],
    )
