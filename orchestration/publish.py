"""Publishing: after a green build, the tables that people and write-back read go to a fresh read-only file.

A DuckDB file has one writing process and then no readers, so nobody but the build opens the build file. A
reader that holds the old copy keeps a consistent view; the next one sees the new.

What lets somebody work out a person's pay stays in the build file, and so do name and e-mail of people at clients:
CONFIDENTIAL names it, and a test holds that list against what the dbt project marks as confidential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from config.paths import Home
from ingestion.warehouse import warehouse_lock
from orchestration.control_totals import NotTiedError, broken_ties

SCHEMAS = ("canonical", "history", "reconciliation", "leadership", "sync", "raw_landing")
KEEP = 3
#: Table -> columns left out of the copy; None leaves the whole table out.
CONFIDENTIAL: Mapping[str, frozenset[str] | None] = {
    "canonical.dim_contact": frozenset({"full_name", "email"}),
    "canonical.dim_resource_cost_rate": None,
    "canonical.fct_time_entry": frozenset({"cost_rate", "cost_amount"}),
}


@dataclass(frozen=True)
class Published:
    """One published copy."""

    path: Path
    tables: int
    rows: int


def publish(home: Home) -> Published:
    """Copy the public schemas into `serving/serving-N.duckdb` and point `current.duckdb` at it.

    Raises RuntimeError when the build has none of the tables, and `NotTiedError` while a control total does not tie:
    neither an empty copy nor one of doubtful figures ever replaces a good one.
    """
    home.serving.mkdir(parents=True, exist_ok=True)
    number = max((_number(path) for path in home.serving.glob("serving-*.duckdb")), default=0) + 1
    target = home.serving / f"serving-{number}.duckdb"
    unfinished = target.with_suffix(".duckdb.tmp")
    unfinished.unlink(missing_ok=True)
    with warehouse_lock(home):
        tables, rows = _copy(home.warehouse, unfinished)
    unfinished.rename(target)
    link = home.serving / "current.tmp"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.replace(home.published)
    _forget_old(home.serving, number)
    return Published(target, tables, rows)


def _copy(source: Path, target: Path) -> tuple[int, int]:
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"attach '{source}' as build (read_only)")
        marks = ", ".join(f"'{schema}'" for schema in SCHEMAS)
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_catalog = 'build' "  # noqa: S608
            f"and table_schema in ({marks}) and table_name not like '\\_dlt%' escape '\\' order by all"
        ).fetchall()
        if not any(schema == "leadership" for schema, _ in names):
            raise RuntimeError(f"{source} holds no leadership tables; run the build before publishing")
        broken = broken_ties(connection)
        if broken:
            raise NotTiedError(broken)
        rows = 0
        for schema in SCHEMAS:
            connection.execute(f'create schema if not exists "{schema}"')
        names = [pair for pair in names if CONFIDENTIAL.get(".".join(pair), frozenset()) is not None]
        for schema, table in names:
            hidden = CONFIDENTIAL.get(f"{schema}.{table}") or frozenset()
            shown = f"* exclude ({', '.join(sorted(hidden))})" if hidden else "*"
            done = connection.execute(
                f'create table "{schema}"."{table}" as select {shown} from build."{schema}"."{table}"'  # noqa: S608
            ).fetchone()
            rows += int(done[0]) if done else 0
        connection.execute("detach build")
        connection.execute("checkpoint")
    return len(names), rows


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("serving-"))


def _forget_old(serving: Path, newest: int) -> None:
    for path in serving.glob("serving-*.duckdb"):
        if _number(path) <= newest - KEEP:
            path.unlink(missing_ok=True)
