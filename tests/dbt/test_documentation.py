"""Every relation of a build and every column of it is described, and nothing is described that is not there."""

from __future__ import annotations

import json
from collections.abc import Callable

import duckdb

from tests.dbt.warehouse import Warehouse


def test_every_model_and_column_is_documented(new_warehouse: Callable[[str], Warehouse]) -> None:
    group = new_warehouse("documented")
    group.fill({})
    done = group.dbt(
        "build", "--quiet", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test",
        write_json=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((group.workshop / "target" / "manifest.json").read_text())
    nodes = [
        node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed", "snapshot")
    ]
    # PostgreSQL cuts no name short: dbt refuses a unit test whose relation it would have to
    assert [name for test in manifest["unit_tests"].values() if len(name := test["name"]) > 63] == []
    with duckdb.connect(str(group.path), read_only=True) as warehouse:
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
