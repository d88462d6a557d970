"""An empty estate builds; every relation and column it has is described, and nothing that is not there."""

from __future__ import annotations

import json
from collections.abc import Callable

import duckdb
import pytest

from tests.dbt.warehouse import Warehouse


@pytest.fixture(scope="module")
def empty(new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """Every model built before the first sync, when the raw tables are empty."""
    warehouse = new_warehouse("empty")
    warehouse.fill({})
    done = warehouse.dbt(
        "build", "--quiet", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test",
        write_json=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return warehouse


def test_an_empty_estate_builds(empty: Warehouse) -> None:
    assert empty.rows("select count(*) from canonical.fct_time_entry") == [(0,)]


def test_every_model_and_column_is_documented(empty: Warehouse) -> None:
    manifest = json.loads((empty.workshop / "target" / "manifest.json").read_text())
    nodes = [
        node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed", "snapshot")
    ]
    # PostgreSQL cuts no name short: dbt refuses a unit test whose relation it would have to
    assert [name for test in manifest["unit_tests"].values() if len(name := test["name"]) > 63] == []
    with duckdb.connect(str(empty.path), read_only=True) as warehouse:
        columns = warehouse.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
        ).fetchall()
    built = {(schema, table, column) for schema, table, column in columns}
    described = {
        (node["schema"], node["alias"], name)
        for node in nodes
        for name, column in node["columns"].items()
        if column["description"]
    }
    ours = {(node["schema"], node["alias"]) for node in nodes}
    assert [node["name"] for node in nodes if not node["description"]] == []
    assert sorted(name for name in built if name[:2] in ours and name not in described) == []
    assert sorted(described - built) == []
    assert len(described) > 2000
