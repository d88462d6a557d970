"""The ledger's database: opening it, bringing it up to date, and the transactions everything runs in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock

from reverse_etl.errors import LedgerError
from reverse_etl.ledger import closing, findings, governance, identity, sagas
from reverse_etl.ledger.schema import REVISION
from reverse_etl.ledger.triggers import create_triggers

MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 30_000
_MIGRATION_LOCK = 7_233_001
_WRITER_LOCK = 7_233_002

__all__ = [
    "closing",
    "create_triggers",
    "findings",
    "governance",
    "identity",
    "ledger_engine",
    "migrate",
    "open_ledger",
    "reading",
    "revision_of",
    "sagas",
    "writing",
]


def open_ledger(url: str) -> sa.Engine:
    """Open the ledger at `url` (SQLite or PostgreSQL), creating or migrating it when needed.

    Raises `LedgerError` when the URL is of another kind or the database was written by a newer version.
    """
    engine = ledger_engine(url)
    try:
        _bring_up_to_date(engine, engine.url)
    except sa.exc.OperationalError as error:
        raise LedgerError(
            f"the ledger at {engine.url.render_as_string(hide_password=True)} cannot be opened.",
            hint="check that the folder is writable, or that the server runs and CONCORD_LEDGER_URL is right.",
        ) from error
    return engine


def ledger_engine(url: str) -> sa.Engine:
    """The database at `url` as it is, without migrating it. Raises `LedgerError` when it is of another kind."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise LedgerError(
            f"the ledger cannot live in {parsed.get_backend_name()}.",
            hint="set CONCORD_LEDGER_URL to sqlite:///<file> or postgresql+psycopg2://<host>/<database>.",
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise LedgerError("a ledger in memory forgets.", hint="name a file: sqlite:///<file>.")
    return _engine(parsed)


def revision_of(engine: sa.Engine) -> str | None:
    """The schema revision of the database, or ``None`` when it has no ledger yet."""
    with reading(engine) as connection:
        return _revision(connection)


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "postgresql":
        return sa.create_engine(url, pool_pre_ping=True)
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_MS / 1000})
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own BEGIN takes no write lock
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", f"busy_timeout={_BUSY_MS}", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    is_read = connection.get_execution_options().get("concord_read", False)
    connection.exec_driver_sql("BEGIN" if is_read else "BEGIN IMMEDIATE")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes. Writers are serial from their first moment: the audit chain has one end.

    SQLite says so by its write lock, PostgreSQL by an advisory lock until commit; readers never wait.
    """
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK)))
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that only reads and never waits for writers."""
    with engine.connect().execution_options(concord_read=True) as connection, connection.begin():
        yield connection


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _bring_up_to_date(engine: sa.Engine, url: sa.URL) -> None:
    if revision_of(engine) == REVISION:
        return
    with _one_migrator(engine, url):
        migrate(engine)


@contextmanager
def _one_migrator(engine: sa.Engine, url: sa.URL) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        with FileLock(f"{url.database}.migrate.lock", timeout=60):
            yield
        return
    with engine.connect() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(_MIGRATION_LOCK)))
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_MIGRATION_LOCK)))


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Run the migrations that this ledger lacks, up to `revision`.

    Raises `LedgerError` when the ledger is of a revision this version does not know.
    """
    from alembic import command  # imported here: it costs a third of a second and is rarely needed
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            raise LedgerError(
                f"the ledger's schema is not known to this version: {error}.",
                hint="run the version of Concord that wrote it, or a newer one.",
            ) from error
