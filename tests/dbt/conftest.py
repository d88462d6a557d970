"""Warehouses for the dbt tests; each is built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dbt.group import hand_made_group
from tests.dbt.warehouse import Warehouse


@pytest.fixture(scope="session")
def new_warehouse(dbt_workshop: Path) -> Callable[[str], Warehouse]:
    """Makes an empty warehouse with a name of its own."""

    def make(name: str) -> Warehouse:
        (dbt_workshop / name).mkdir()
        return Warehouse(dbt_workshop / name / "warehouse.duckdb", dbt_workshop)

    return make


@pytest.fixture(scope="session")
def group(new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """The hand-made group, built."""
    warehouse = new_warehouse("group")
    warehouse.fill(hand_made_group())
    warehouse.build(data_tests=True)
    return warehouse
