"""Tests start without the developer's environment: no credentials, no home, no clock of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

for _name in list(os.environ):
    if _name.startswith("CONCORD_") or _name in {"DAGSTER_HOME", "HTTP_PROXY", "HTTPS_PROXY"}:
        del os.environ[_name]


@pytest.fixture(autouse=True)
def _environment_is_put_back() -> Iterator[None]:
    """What one test sets, the next one does not see."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def dbt_workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One place for dbt's output of every warehouse written by hand: the project is parsed once, not per test."""
    return tmp_path_factory.mktemp("dbt")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as `report`: captured output of passing tests would be lost, here it is not."""
    reports = [
        text
        for outcome in ("passed", "failed")
        for result in terminalreporter.stats.get(outcome, [])
        for name, text in getattr(result, "user_properties", [])
        if name == "report"
    ]
    if reports:
        terminalreporter.section("figures")
        for text in reports:
            terminalreporter.write_line(str(text) + "\n")
