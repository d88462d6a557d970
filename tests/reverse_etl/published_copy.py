"""A published copy in a file of its own, its tables made from the canonical contracts, its rows from the test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from ruamel.yaml import YAML

from config.paths import REPOSITORY
from reverse_etl.warehouse import Published

CANONICAL = REPOSITORY / "dbt_project" / "models" / "marts" / "canonical"
LOADED = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
_TABLES = (
    "dim_customer", "dim_project", "fct_opportunity", "fct_change_request", "fct_milestone", "fct_invoice",
    "fct_time_entry",
)  # fmt: skip


class PublishedCopy:
    """Rows by table; absent columns are null, but for the few no real row lacks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema canonical; create schema raw_landing")
            connection.execute("create table raw_landing.sync_run (_instance varchar, status varchar)")
            for name in _TABLES:
                columns = ", ".join(f"{n} {kind}" for n, kind in _columns(name).items())
                connection.execute(f"create table canonical.{name} ({columns})")

    @property
    def published(self) -> Published:
        return Published(self.path)

    def read_by(self, *instances: str) -> None:
        """A sync of these instances succeeded."""
        with duckdb.connect(str(self.path)) as connection:
            for instance in instances:
                connection.execute("insert into raw_landing.sync_run values (?, 'ok')", [instance])

    def put(self, table: str, **facts: Any) -> None:
        """One more row."""
        if "loaded_at" in _columns(table):
            facts = {"loaded_at": LOADED, "source_modified_at": LOADED, **facts}
        marks = ", ".join("?" for _ in facts)
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(
                f"insert into canonical.{table} ({', '.join(facts)}) values ({marks})", list(facts.values())
            )

    def run(self, statement: str) -> None:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(statement)


def _columns(table: str) -> dict[str, str]:
    (model,) = YAML(typ="safe").load((CANONICAL / f"{table}.yml").read_text())["models"]
    return {column["name"]: column["data_type"] for column in model["columns"]}
