"""Narrow frames read from DuckDB: only the keys and columns under test, only the rows of one run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd

from ingestion.errors import ExpectationSetupError
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
        frame = self._connection.execute(
            f'select {listed} from "{self._dataset}"."{table.name}" '  # noqa: S608
            "where _instance = ? and _loaded_at = ?",
            [self._instance, self._loaded_at],
        ).df()
        return frame

    def figures(self, table: Table) -> pd.DataFrame:
        """One row: rows alive, keys held twice, hours since the last success, and the canary difference."""
        key = ", ".join(f'"{name}"' for name in table.key)
        record = "concat_ws('|', " + ", ".join(f'r."{name}"' for name in table.key) + ")"
        alive = self._one(
            f'select count(*) from "{self._dataset}"."{table.name}" r '  # noqa: S608
            f'left join "{self._dataset}".tombstone t on t._instance = r._instance '
            f"and t.object = '{table.name}' and t.record_id = {record} "
            "where r._instance = ? and (t.record_id is null or t._loaded_at < r._loaded_at)"
        )
        doubled = self._one(
            f'select count(*) from (select 1 from "{self._dataset}"."{table.name}" '  # noqa: S608
            f"where _instance = ? group by {key} having count(*) > 1)"
        )
        last = self._one(
            "select max(complete_until) from raw_landing.sync_run where _instance = ? and status = 'ok'"
        )
        listed = self._canaries.get("listed_people")
        difference = abs(alive - listed) / max(listed, 1) if listed is not None else None
        hours = (self._now - last).total_seconds() / 3600 if last else None
        return pd.DataFrame(
            {
                "_instance": [self._instance],
                "rows_alive": [alive],
                "duplicate_keys": [doubled],
                "hours_since_success": [hours],
                "listed_difference": [difference],
            }
        )

    def _one(self, sql: str) -> Any:
        row = self._connection.execute(sql, [self._instance]).fetchone()
        return row[0] if row else None
