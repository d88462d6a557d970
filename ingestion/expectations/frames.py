"""Narrow frames read from DuckDB: only the keys and columns under test, only the rows of one run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd

from ingestion.errors import ExpectationSetupError
from ingestion.expectations.guards import COUNTED
from ingestion.tables import Table


class Landing:
    """What one run left in the warehouse. The caller holds the warehouse lock while reading."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, system: str, instance: str, run_id: str, now: datetime
    ) -> None:
        self._connection = connection
        self._dataset = f"raw_{system}"
        self._instance = instance
        self._now = now
        row = connection.execute(
            "select max(_loaded_at) from raw_landing.control_total where _instance = ? and run_id = ?",
            [instance, run_id],
        ).fetchone()
        if row is None or row[0] is None:
            raise ExpectationSetupError(
                f"{instance}: run {run_id} left no control totals; validate the run id that the sync returned"
            )
        self._loaded_at = row[0]
        self._canaries = dict(
            connection.execute(
                "select name, value from raw_landing.canary where _instance = ? and run_id = ?",
                [instance, run_id],
            ).fetchall()
        )

    def rows(self, table: Table, columns: Iterable[str]) -> pd.DataFrame:
        """Keys and the wanted columns of the rows this run landed."""
        wanted = dict.fromkeys(["_instance", *table.key, *columns])
        listed = ", ".join(f'"{name}"' for name in wanted)
        return self._connection.execute(
            f'select {listed} from "{self._dataset}"."{table.name}" '  # noqa: S608
            "where _instance = ? and _loaded_at = ?",
            [self._instance, self._loaded_at],
        ).df()

    def figures(self, tables: Iterable[Table], never_empty: Collection[str]) -> pd.DataFrame:
        """One row per table: rows alive, keys held twice, hours since the last success, canary difference.

        A figure that says nothing about a table is null, and a null fails no expectation.
        """
        last = self._one(
            "select max(complete_until) from raw_landing.sync_run where _instance = ? and status = 'ok'"
        )
        hours = (self._now - last).total_seconds() / 3600 if last else None
        counted = {COUNTED[name]: value for name, value in self._canaries.items() if name in COUNTED}
        rows = []
        for table in tables:
            alive = self._alive(table)
            listed = counted.get(table.name)
            rows.append(
                {
                    "object": table.name,
                    "rows_alive": alive if table.name in never_empty else None,
                    "duplicate_keys": self._doubled(table),
                    "hours_since_success": hours,
                    "listed_difference": None if listed is None else abs(alive - listed) / max(listed, 1),
                }
            )
        numbers = ["rows_alive", "duplicate_keys", "hours_since_success", "listed_difference"]
        return pd.DataFrame(rows).astype(dict.fromkeys(numbers, "float64"))

    def _alive(self, table: Table) -> int:
        record = "concat_ws('|', " + ", ".join(f'r."{name}"' for name in table.key) + ")"
        return int(
            self._one(
                f'select count(*) from "{self._dataset}"."{table.name}" r '  # noqa: S608
                f'left join "{self._dataset}".tombstone t on t._instance = r._instance '
                f"and t.object = '{table.name}' and t.record_id = {record} "
                "where r._instance = ? and (t.record_id is null or t._loaded_at < r._loaded_at)"
            )
        )

    def _doubled(self, table: Table) -> int:
        key = ", ".join(f'"{name}"' for name in table.key)
        return int(
            self._one(
                f'select count(*) from (select 1 from "{self._dataset}"."{table.name}" '  # noqa: S608
                f"where _instance = ? group by {key} having count(*) > 1)"
            )
        )

    def _one(self, sql: str) -> Any:
        row = self._connection.execute(sql, [self._instance]).fetchone()
        return row[0] if row else None
