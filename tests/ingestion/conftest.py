from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config.paths import Home
from tests.ingestion.scripted import ManualClock


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def query(home: Home) -> Callable[..., list[tuple[Any, ...]]]:
    """Rows of a query over the build file."""

    def run(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(home.warehouse), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(sql).fetchall()

    return run
