"""The state behind a simulator: one SQLite file per instance, one table per vendor object."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FIRST_RUNTIME_ID = 9_000_000


class Store:
    """Rows of one simulated instance; survives restarts and kills.

    `tables` maps object -> {api field: SQLite type}. The first field, or those in `keys[object]`, form the
    key. Values are what SQLite can hold: text (money, ids, ISO stamps), integers, 0/1 for booleans.
    """

    def __init__(
        self,
        path: Path | str,
        tables: Mapping[str, Mapping[str, str]],
        keys: Mapping[str, Sequence[str]] | None = None,
        indexes: Mapping[str, Sequence[Sequence[str]]] | None = None,
    ) -> None:
        self.tables = tables
        self.keys = {
            name: tuple((keys or {}).get(name, (next(iter(fields)),))) for name, fields in tables.items()
        }
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=60)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("pragma journal_mode = wal")
        self.connection.execute("pragma synchronous = normal")
        self._after: list[Callable[[], None]] = []
        self._create(indexes or {})

    def _create(self, indexes: Mapping[str, Sequence[Sequence[str]]]) -> None:
        for name, fields in self.tables.items():
            columns = ", ".join(f'"{field}" {kind}' for field, kind in fields.items())
            key = ", ".join(f'"{field}"' for field in self.keys[name])
            self.connection.execute(
                f'create table if not exists "{name}" ({columns}, primary key ({key})) without rowid'
            )
            for number, wanted in enumerate(indexes.get(name, ())):
                listed = ", ".join(f'"{field}"' for field in wanted)
                self.connection.execute(
                    f'create index if not exists "ix_{name}_{number}" on "{name}" ({listed})'
                )
        self.connection.execute(
            "create table if not exists _sequence (name text primary key, next integer not null)"
        )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside commits together or not at all; one writer at a time."""
        with self.lock:
            if self.connection.in_transaction:
                yield self.connection
                return
            self.connection.execute("begin immediate")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("rollback")
                self._after.clear()
                raise
            self.connection.execute("commit")
            due, self._after = self._after, []
        for action in due:
            action()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something once the present transaction has committed; at once when there is none, never if it fails."""
        with self.lock:
            if self.connection.in_transaction:
                self._after.append(action)
                return
        action()

    def load(self, object: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Insert or replace whole rows; absent fields are null. Returns how many."""
        fields = list(self.tables[object])
        listed = ", ".join(f'"{field}"' for field in fields)
        marks = ", ".join("?" for _ in fields)
        count = 0
        with self.transaction() as connection:
            for row in rows:
                unknown = row.keys() - self.tables[object].keys()
                if unknown:
                    raise KeyError(f"{object} has no field {sorted(unknown)}")
                connection.execute(
                    f'insert or replace into "{object}" ({listed}) values ({marks})',
                    [_plain(row.get(field)) for field in fields],
                )
                count += 1
        return count

    def upsert(self, object: str, key: Sequence[str] | str, fields: Mapping[str, Any]) -> None:
        """Change only the named fields of a row, creating it when absent."""
        values = dict(zip(self.keys[object], _key(key), strict=True))
        with self.transaction():
            if self.get(object, key) is None:
                self.load(object, [{**values, **fields}])
                return
            if not fields:
                return
            sets = ", ".join(f'"{field}" = ?' for field in fields)
            self.connection.execute(
                f'update "{object}" set {sets} where {self._where(object)}',
                [*(_plain(value) for value in fields.values()), *_key(key)],
            )

    def delete(self, object: str, key: Sequence[str] | str) -> bool:
        """Remove a row; the vendor module records the deletion the way its API shows it."""
        with self.transaction() as connection:
            done = connection.execute(f'delete from "{object}" where {self._where(object)}', _key(key))
        return done.rowcount > 0

    def get(self, object: str, key: Sequence[str] | str) -> dict[str, Any] | None:
        """One row by key, or None."""
        rows = self.query(f'select * from "{object}" where {self._where(object)}', _key(key))
        return rows[0] if rows else None

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of any select over the store."""
        with self.lock:
            return [dict(row) for row in self.connection.execute(sql, list(parameters))]

    def next_id(self, name: str) -> str:
        """A fresh numeric id, far above those of the generated firm, so that the two never collide."""
        with self.transaction() as connection:
            connection.execute("insert or ignore into _sequence values (?, ?)", (name, FIRST_RUNTIME_ID))
            (number,) = connection.execute("select next from _sequence where name = ?", (name,)).fetchone()
            connection.execute("update _sequence set next = next + 1 where name = ?", (name,))
        return str(number)

    def close(self) -> None:
        """Release the file."""
        self.connection.close()

    def _where(self, object: str) -> str:
        return " and ".join(f'"{field}" = ?' for field in self.keys[object])


def _key(key: Sequence[str] | str) -> list[str]:
    return [key] if isinstance(key, str) else list(key)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, int | float | str):
        return value
    return str(value)
