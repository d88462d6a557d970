"""The dbt sources and ingestion's declarations describe the same raw tables."""

from __future__ import annotations

import re

import pytest

from ingestion.registry import SYSTEMS, system
from tests.dbt.warehouse import PROJECT, source_tables

TYPES = {
    "text": "string", "int": "bigint", "bool": "boolean", "date": "date", "json": "string",
    "timestamp": "timestamp with time zone", "money": "decimal(18,4)", "rate": "decimal(18,8)",
    "hours": "decimal(12,4)",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_sources_have_the_columns_and_types_ingestion_lands(name: str) -> None:
    sources = source_tables()
    for table in system(name).tables.values():
        columns = sources[f"raw_{name}.{table.name}"]
        declared = {column.name: TYPES[column.type] for column in table.columns}
        expected = {"_instance": "string", "_loaded_at": "timestamp with time zone", **declared}
        assert columns == expected, f"{name}.{table.name}"


def test_every_raw_table_has_one_staging_model() -> None:
    used = []
    for path in PROJECT.glob("models/staging/*/stg_*.sql"):
        text = path.read_text()
        used += [f"raw_{system}.{table}" for system, table in re.findall(r"living\('(\w+)', '(\w+)'", text)]
        used += [f"{schema}.{table}" for schema, table in re.findall(r"source\('(\w+)', '(\w+)'\)", text)]
    expected = {name for name in source_tables() if not name.endswith(".tombstone")}
    assert sorted(used) == sorted(expected)
