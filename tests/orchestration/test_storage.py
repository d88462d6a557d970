"""Only Dagster's own files commit without waiting for the disk; the ledger never does."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from orchestration.storage import relax_dagster_storage

FULL, NORMAL = 2, 1


def synchronous(path: Path) -> int:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        value = connection.execute(sa.text("pragma synchronous")).scalar_one()
    engine.dispose()
    return int(value)


def test_files_under_dagster_home_are_relaxed_and_no_others(tmp_path: Path) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    relax_dagster_storage(home)
    assert synchronous(home / "runs.db") == NORMAL
    assert synchronous(tmp_path / "ledger.db") == FULL
