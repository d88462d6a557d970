"""Reading the published copy: opened read-only, followed when a new one is renamed into place."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]


class NotPublishedError(Exception):
    """There is no published copy yet: nothing has been built and published in this home."""


class Published:
    """The newest published copy. One connection per copy; each request gets a cursor of its own."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._lock = threading.Lock()
        self._target: Path | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """Rows of a select as dicts; decimals stay decimals.

        Raises NotPublishedError before the first publication.
        """
        cursor = self._current().cursor()
        try:
            cursor.execute(sql, parameters)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        finally:
            cursor.close()

    def one(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        """The first row, or None."""
        rows = self.rows(sql, parameters)
        return rows[0] if rows else None

    def _current(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if not self._link.exists():
                raise NotPublishedError(str(self._link))
            target = self._link.resolve()
            if target != self._target or self._connection is None:
                connection = duckdb.connect(
                    str(target), read_only=True, config={"enable_external_access": "false", "threads": "2"}
                )
                connection.execute("set timezone = 'UTC'")
                self._connection, self._target = connection, target
            return self._connection
