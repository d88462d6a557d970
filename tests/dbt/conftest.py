"""Warehouses for the dbt tests; each is built once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dbt.group import hand_made_group
from tests.dbt.warehouse import Warehouse


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Warehouse]:
    """Makes an empty warehouse with a name of its own."""
    workshop = tmp_path_factory.mktemp("dbt")

    def make(name: str) -> Warehouse:
        (workshop / name).mkdir()
        return Warehouse(workshop / name / "warehouse.duckdb", workshop)

    return make


@pytest.fixture(scope="session")
def group(new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """The hand-made group, built."""
    warehouse = new_warehouse("group")
    warehouse.fill(hand_made_group())
    warehouse.build(data_tests=True)
    return warehouse
