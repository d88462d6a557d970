"""The build file behind its lock, and Concord's own tables beside the raw ones (schema `raw_landing`)."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from filelock import FileLock

from config.paths import Home

LOCK_TIMEOUT_SECONDS = 900.0
ORPHAN_TIMEOUT_SECONDS = 30.0

_TABLES = """
create schema if not exists raw_landing;
create table if not exists raw_landing.quarantine (
    quarantine_id text primary key, _instance text not null, system text not null, object text not null,
    record_id text not null, field text not null, reason text not null, rule text not null,
    payload text not null, quarantined_at timestamptz not null, run_id text not null, state text not null
);
create table if not exists raw_landing.control_total (
    _instance text not null, system text not null, object text not null, run_id text not null,
    rows_read bigint not null, rows_landed bigint not null, rows_quarantined bigint not null,
    hash_total text not null, first_cursor text, last_cursor text, _loaded_at timestamptz not null,
    primary key (_instance, object, run_id)
);
create table if not exists raw_landing.control_amount (
    _instance text not null, system text not null, object text not null, run_id text not null,
    column_name text not null, amount decimal(28, 4) not null, _loaded_at timestamptz not null,
    primary key (_instance, object, run_id, column_name)
);
create table if not exists raw_landing.sync_run (
    _instance text not null, system text not null, run_id text primary key, mode text not null,
    started_at timestamptz not null, finished_at timestamptz not null, status text not null, error text,
    rows_read bigint not null, complete_until timestamptz
);
create table if not exists raw_landing.schema_drift (
    _instance text not null, object text not null, column_name text not null, kind text not null,
    first_seen timestamptz not null, primary key (_instance, object, column_name, kind)
);
create table if not exists raw_landing.canary (
    _instance text not null, system text not null, run_id text not null, name text not null,
    value bigint not null, primary key (_instance, run_id, name)
);
create table if not exists raw_landing.expectation_result (
    _instance text not null, system text not null, object text not null, suite text not null,
    expectation text not null, success boolean not null, severity text not null, observed text,
    failing_keys text, run_id text not null, evaluated_at timestamptz not null
);
"""


@contextmanager
def warehouse_lock(home: Home) -> Iterator[None]:
    """Hold the build file's lock; every opener takes it, from the orchestrator and the command line alike.

    Raises filelock.Timeout after 15 minutes: another writer hangs. A killed run's dbt may outlive our lock by
    a moment: it is waited for; one that does not let go makes DuckDB's own error, which names it.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    with FileLock(home.warehouse_lock, timeout=LOCK_TIMEOUT_SECONDS):
        _wait_for_orphan(home)
        yield


def _wait_for_orphan(home: Home) -> None:
    deadline = time.monotonic() + ORPHAN_TIMEOUT_SECONDS
    while home.warehouse.exists():
        with home.warehouse.open("rb+") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the lock DuckDB itself takes
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return
            else:
                return
        time.sleep(0.05)


@contextmanager
def open_warehouse(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file with the landing tables present. The caller holds `warehouse_lock`."""
    connection = duckdb.connect(str(home.warehouse))
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute(_TABLES)
        yield connection
    finally:
        connection.close()


def table_exists(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether `schema.table` is there yet."""
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table]
    ).fetchone()
    return found is not None
