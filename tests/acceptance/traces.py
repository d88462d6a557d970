"""What a run leaves behind, for tests that compare before with after: rows, attempts, refusals, secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from config.paths import Home
from config.schema import Config
from ingestion.warehouse import warehouse_lock

LOAD_COLUMNS = ("_loaded_at", "_dlt_load_id", "_dlt_id")
_NO_SECRET = ("username", "client_id")  # names, which vendors show in their records too

Contents = dict[str, tuple[int, int]]


def query(home: Home, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """Rows of a query over the build file, moments in UTC."""
    with warehouse_lock(home), duckdb.connect(str(home.warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(sql, list(parameters)).fetchall()


def raw_contents(home: Home, system: str, instance: str, *, ignoring: Iterable[str] = ()) -> Contents:
    """Raw table -> rows and order-free hash of one instance's rows, without the columns in `ignoring`."""
    tables = query(
        home,
        "select table_name, list(column_name) from information_schema.columns where table_schema = ? "
        "and table_name not like 'landing\\_%' escape '\\' group by 1 having list_contains(list(column_name), "
        "'_instance') order by 1",
        [f"raw_{system}"],
    )
    found: Contents = {}
    for table, columns in tables:
        listed = ", ".join(f'"{name}"' for name in sorted(set(columns) - set(ignoring)))
        sql = f'select count(*), coalesce(sum(hash(t)::hugeint), 0) from (select {listed} from "raw_{system}"."{table}" where _instance = ?) t'  # noqa: E501
        found[table] = query(home, sql, [instance])[0]
    return found


def last_attempt(home: Home, instance: str) -> tuple[str, str | None]:
    """Status and error of the instance's latest sync."""
    return query(
        home,
        "select status, error from raw_landing.sync_run where _instance = ? "
        "order by finished_at desc, started_at desc limit 1",
        [instance],
    )[0]


def secrets_of(config: Config, environ: Mapping[str, str]) -> dict[str, list[str]]:
    """Variable -> every piece of its value whose appearance anywhere would be a leak."""
    variables = {
        variable
        for instance in config.instances
        for logical, variable in instance.credentials.items()
        if logical not in _NO_SECRET
    }
    return {
        name: [line for line in environ[name].splitlines() if not line.startswith("-----")]
        for name in sorted(variables)
    }


def leaks(pieces: Iterable[str], text: str) -> bool:
    """Whether one of the pieces stands in the text; the answer never shows which."""
    return any(piece in text for piece in pieces)


def files_with(pieces: Iterable[str], folders: Iterable[Path]) -> list[Path]:
    """Files of those folders which hold one of the pieces."""
    wanted = [piece.encode() for piece in pieces]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(piece in path.read_bytes() for piece in wanted)]
