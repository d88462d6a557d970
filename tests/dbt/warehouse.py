"""A raw warehouse written by hand: every declared source table, and the rows a test needs in them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
from ruamel.yaml import YAML

from config.paths import REPOSITORY

PROJECT = REPOSITORY / "dbt_project"
AS_OF = "2026-06-30T18:00:00Z"
LOADED = "2026-06-30T17:00:00Z"
CHANGED = "2026-06-01T09:00:00Z"

Rows = Mapping[str, Iterable[Mapping[str, object]]]


@cache
def source_tables() -> dict[str, dict[str, str]]:
    """'raw_kantata.time_entry' -> column -> type, for every source the dbt project declares."""
    tables = {}
    for path in sorted(PROJECT.glob("models/staging/*/_*__sources.yml")):
        for source in YAML(typ="safe").load(path.read_text())["sources"]:
            for table in source["tables"]:
                columns = {column["name"]: column["data_type"] for column in table["columns"]}
                tables[f"{source['schema']}.{table['name']}"] = columns
    return tables


@dataclass(frozen=True)
class Warehouse:
    """One DuckDB file. dbt sees every file of a test session under one name, so it parses the project once."""

    path: Path
    workshop: Path

    def fill(self, rows: Rows) -> None:
        """Create every raw table and insert the rows; columns not given stay null."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            for name, columns in source_tables().items():
                connection.execute(f"create schema if not exists {name.split('.')[0]}")
                listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
                connection.execute(f"create table {name} ({listed})")
            for name, records in rows.items():
                for record in records:
                    self._insert(connection, name, record)

    @staticmethod
    def _insert(connection: duckdb.DuckDBPyConnection, name: str, record: Mapping[str, object]) -> None:
        columns = source_tables()[name]
        stamped = {"_loaded_at": LOADED, "updated_at": CHANGED, "lastmodifieddate": CHANGED, **record}
        kept = {column: value for column, value in stamped.items() if column in columns}
        unknown = set(record) - set(columns)
        if unknown:
            raise KeyError(f"{name} has no column {sorted(unknown)}")
        listed = ", ".join(f'"{column}"' for column in kept)
        connection.execute(
            f"insert into {name} ({listed}) values ({', '.join('?' * len(kept))})", list(kept.values())
        )

    def dbt(
        self, command: str, *arguments: str, as_of: str | None = AS_OF, write_json: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run dbt on this warehouse as an operator does; with `write_json` it leaves its manifest behind.

        Writing the manifest and a log that repeats every statement is a third of what a build costs.
        """
        current = self.workshop / "current"
        current.unlink(missing_ok=True)
        current.symlink_to(self.path.parent)
        moment = {"CONCORD_AS_OF": as_of} if as_of else {}
        return subprocess.run(
            [
                str(Path(sys.executable).with_name("dbt")), command,
                "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
                "--target-path", str(self.workshop / "target"), "--log-path", str(self.workshop / "logs"),
                "--log-level-file", "none", "--write-json" if write_json else "--no-write-json",
                *arguments,  # last: what the caller says goes
            ],
            env={**os.environ, "CONCORD_WAREHOUSE": str(current / self.path.name), **moment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def build(self, *, data_tests: bool = False) -> None:
        """Build everything up to the canonical marts, with the data tests if asked."""
        left_out = ["unit_test"] if data_tests else ["unit_test", "test"]
        done = self.dbt(
            "build", "--quiet", *(part for kind in left_out for part in ("--exclude-resource-type", kind)),
            # a test that also needs what is not built here is left out
            "--indirect-selection", "cautious",
            "--select", "productive_work", "staging", "intermediate", "marts.canonical", "tests/canonical",
        )  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(f"dbt build failed:\n{done.stdout}\n{done.stderr}")

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Read from the warehouse."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(query).fetchall()

    def fingerprint(self) -> dict[str, str | None]:
        """A hash per canonical mart that does not depend on the order of rows."""
        marts = [
            str(name)
            for (name,) in self.rows(
                "select table_name from information_schema.tables where table_schema = 'canonical' order by 1"
            )
        ]
        return {
            mart: self.rows(
                f"select md5(string_agg(line, '\n' order by line)) from "
                f"(select cast(to_json(mart_row) as varchar) as line from canonical.{mart} as mart_row)"
            )[0][0]
            for mart in marts
        }
