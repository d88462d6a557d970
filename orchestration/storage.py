"""Dagster's SQLite storage, at the pace of a laptop.

Dagster's own event log opens a connection per event, and with SQLite's default settings every commit and every last
close waits for the disk: half a minute for a build of a few hundred events. Here a connection per file stays open,
and commits do not wait (write-ahead log, `synchronous = normal`: only a crash of the machine, not of a process, can
lose the last events). The ledger is not touched. A deployment with several hosts uses dagster-postgres instead.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

_FILES_KEPT_OPEN = 4
_BUSY_SECONDS = 60
_relaxed: set[Path] = set()


class OpenSqliteEventLogStorage(SqliteEventLogStorage):
    """Dagster's SQLite event log with its files kept open; same tables, same files, same readers."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> OpenSqliteEventLogStorage:
        """Dagster's own names its class here and would build that one instead."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            arguments = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
            self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard), poolclass=StaticPool, connect_args=arguments
            )
        self._engines.move_to_end(shard)
        while len(self._engines) > _FILES_KEPT_OPEN:
            self._engines.popitem(last=False)[1].dispose()
        return self._engines[shard]


def relax_dagster_storage(home: Path) -> None:
    """Let SQLite connections to files under `home` commit without waiting for the disk; once per process."""
    if not _relaxed:
        event.listen(Engine, "connect", _on_connect)
    _relaxed.add(home.resolve())


def _on_connect(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    file = connection.execute("pragma database_list").fetchone()[2]
    if file and any(Path(file).is_relative_to(home) for home in _relaxed):
        connection.execute("pragma synchronous = normal")
