"""Only Dagster's own files commit without waiting for the disk; the ledger never does."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from orchestration.runtime import Runtime
from orchestration.storage import OpenSqliteEventLogStorage, relax_dagster_storage

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


def test_a_deployment_gets_the_event_log_whose_files_stay_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    Runtime.from_environment()

    @dg.asset
    def figure() -> None: ...

    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, OpenSqliteEventLogStorage)
        runs = [dg.materialize([figure], instance=instance) for _ in range(6)]
        assert all(run.success for run in runs)
    with dg.DagsterInstance.get() as instance:
        assert instance.get_latest_materialization_event(dg.AssetKey("figure")).run_id == runs[-1].run_id
        assert len(instance.all_logs(runs[0].run_id)) > 5
