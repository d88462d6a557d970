"""The build file is free when the lock is: a killed builder's child is waited for."""

from __future__ import annotations

import subprocess
import sys
import time

from config.paths import Home
from ingestion.warehouse import open_warehouse, warehouse_lock

HOLDS = (
    "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('has it', flush=True); time.sleep(1.5)"
)


def test_a_process_that_holds_the_file_without_the_lock_is_waited_for(home: Home) -> None:
    with warehouse_lock(home), open_warehouse(home):
        pass
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(home.warehouse)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "has it\n"
    began = time.monotonic()
    with warehouse_lock(home), open_warehouse(home) as connection:
        assert connection.execute("select count(*) from raw_landing.sync_run").fetchone() == (0,)
    assert time.monotonic() - began > 0.5
    child.wait()
