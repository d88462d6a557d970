"""kill -9 at any moment: the next run ends with the same rows as a run that was never killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from config.paths import Home
from ingestion.runner import sync_instance
from ingestion.warehouse import warehouse_lock
from tests.ingestion.scripted import START, ManualClock, Script, config_with, scripted_system
from tests.ingestion.test_sync import CODE, DEAL, codes, deal

ROWS = 60


def script() -> Script:
    stamps = [START - timedelta(hours=10) + timedelta(minutes=n) for n in range(ROWS)]
    rows = [deal(n, ModifiedAt=stamps[n].isoformat()) for n in range(ROWS)]
    rows[7]["Minutes"] = -1
    return Script(
        pages={"deal": [rows[first : first + 10] for first in range(0, ROWS, 10)], "code": [codes(30)]}
    )


def run(root: str, die_at: tuple[str, int] | None = None) -> None:
    """One sync, in this process; it kills itself before that page when told to."""
    vendor = script()
    if die_at is not None:
        vendor.on_page = lambda table, page: os.kill(os.getpid(), 9) if (table, page) == die_at else None
    sync_instance(
        config_with("one"),
        "one",
        home=Home(Path(root)),
        clock=ManualClock(),
        systems=scripted_system(vendor, DEAL, CODE),
        checkpoint_rows=20,
    )


def start(home: Home, die_at: tuple[str, int] | None = None) -> multiprocessing.Process:
    process = multiprocessing.get_context("spawn").Process(target=run, args=(str(home.root), die_at))
    process.start()
    return process


def contents(home: Home) -> dict[str, list[tuple]]:
    """What a reader of the warehouse sees, load stamps aside."""
    queries = {
        "deal": "select * exclude (_loaded_at, _dlt_load_id) from raw_files.deal order by id",
        "code": "select * exclude (_loaded_at, _dlt_load_id) from raw_files.code order by id",
        "tombstone": "select object, record_id from raw_files.tombstone order by all",
        "quarantine": "select record_id, rule, state from raw_landing.quarantine order by all",
    }
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return {name: connection.execute(sql).fetchall() for name, sql in queries.items()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple]]:
    home = Home(tmp_path_factory.mktemp("undisturbed"))
    run(str(home.root))
    found = contents(home)
    assert len(found["deal"]) == ROWS - 1
    return found


@pytest.mark.slow
@pytest.mark.parametrize("die_at", [("deal", 1), ("deal", 4), ("code", 1)])
def test_killed_while_reading(home, undisturbed, die_at):
    process = start(home, die_at)
    process.join(timeout=120)
    assert process.exitcode == -signal.SIGKILL
    run(str(home.root))
    assert contents(home) == undisturbed
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        runs = connection.execute("select status, error from raw_landing.sync_run order by status").fetchall()
    assert [status for status, _ in runs] == ["failed", "ok"]
    assert "interrupted" in runs[0][1]


def packages(home: Home, folder: str) -> Callable[[], bool]:
    """Whether a prepared package has a file in that folder of dlt's working directory."""
    return lambda: any(home.dlt.glob(f"one/one/load/normalized/*/{folder}/*"))


def wait_for(condition: Callable[[], bool], process: multiprocessing.Process) -> None:
    deadline = time.monotonic() + 120
    while not condition() and process.is_alive():
        assert time.monotonic() < deadline, "the run never came this far"
        time.sleep(0.001)


@pytest.mark.slow
def test_killed_between_preparing_and_loading(home, undisturbed):
    process = start(home)
    wait_for(lambda: (home.dlt / "one.running.json").exists(), process)
    wait_for(lambda: any(home.dlt.glob("one/one/normalize/*")), process)
    with warehouse_lock(home):
        wait_for(packages(home, "new_jobs"), process)
        process.kill()
        process.join()
    assert process.exitcode == -signal.SIGKILL
    run(str(home.root))
    assert contents(home) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["started_jobs", "completed_jobs"])
def test_killed_while_loading(home, undisturbed, folder):
    process = start(home)
    wait_for(packages(home, folder), process)
    process.kill()
    process.join()
    run(str(home.root))
    assert contents(home) == undisturbed


@pytest.mark.slow
def test_killed_again_and_again(home, undisturbed):
    """Kills at arbitrary moments; each run gets a little further or starts over."""
    for patience in (0.9, 1.3, 1.7, 2.1, 2.6):
        process = start(home)
        timer = threading.Timer(patience, process.kill)
        timer.start()
        process.join()
        timer.cancel()
    run(str(home.root))
    assert contents(home) == undisturbed
