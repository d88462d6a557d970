"""kill -9 on a run leaves nothing that stops the next one: no pool seat taken, no dbt behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from config.paths import REPOSITORY, Home
from orchestration.dbt_guard import OWNER
from orchestration.interrupted import end_interrupted_runs
from orchestration.runtime import install_dagster_yaml
from tests.orchestration.pooled_job import pooled_job

GUARDED = (
    "import time; from orchestration.dbt_guard import Plugin; "
    "Plugin('guard', {}); print('up', flush=True); time.sleep(60)"
)
PARENT = (
    "import os, subprocess, sys, time; "
    f"subprocess.Popen([sys.executable, '-c', sys.argv[1]], env={{**os.environ, '{OWNER}': str(os.getpid())}}); "
    "time.sleep(60)"
)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    home = Home(tmp_path)
    home.dagster.mkdir()
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    install_dagster_yaml(home)
    with dg.DagsterInstance.get() as found:
        yield found


@pytest.fixture
def seated(instance: dg.DagsterInstance, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run in another process that holds the pool's only seat."""
    mark = tmp_path / "seated"
    command = [sys.executable, "-m", "tests.orchestration.pooled_job"]
    process = subprocess.Popen(command, cwd=REPOSITORY, env={**os.environ, "SEATED": str(mark)})
    deadline = time.monotonic() + 120
    while not mark.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
def test_the_seat_of_a_killed_run_is_free_again(
    instance: dg.DagsterInstance, seated: subprocess.Popen[bytes]
) -> None:
    assert end_interrupted_runs(instance) == [], "a run at work is left alone"
    seated.kill()
    seated.wait()
    (ended,) = end_interrupted_runs(instance)
    run = instance.get_run_by_id(ended)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
    assert pooled_job.execute_in_process(instance=instance).success
    assert end_interrupted_runs(instance) == []


@pytest.mark.slow
def test_dbt_ends_with_the_run_that_started_it() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, GUARDED], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    parent.kill()
    began = time.monotonic()
    assert parent.stdout.read() == ""  # the end of the pipe: parent and child are both gone
    assert time.monotonic() - began < 10
    parent.wait()
