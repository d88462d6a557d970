"""Dagster's SQLite storage, at the pace of a laptop.

Dagster opens a connection per event and commits each one; with SQLite's default every commit waits for the disk,
which costs a build of a few hundred events half a minute. In write-ahead mode `synchronous = normal` loses at most
the last events when the machine (not the process) dies. The ledger keeps the strict setting: only files under
DAGSTER_HOME are touched.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_relaxed: set[Path] = set()


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
