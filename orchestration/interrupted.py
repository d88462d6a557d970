"""Runs whose process died: Dagster goes on believing in them, and the pool seats they held stay taken for ever.

Its own monitoring asks the run launcher, and the default one cannot tell whether a run's process lives.
"""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
from dagster._core.storage.runs import SqliteRunStorage

_CLOCK_TOLERANCE_SECONDS = 5.0


def end_interrupted_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report started runs whose process is gone as failed, free their seats, and return their ids.

    Only where runs are kept in SQLite, which is one host; elsewhere a process may live on another machine.
    """
    if not isinstance(instance.run_storage, SqliteRunStorage):
        return []
    active = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    ended = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=active)):
        if _is_at_work(instance, run.run_id):
            continue
        instance.report_run_failed(run, "the run's process died before it ended; the next run recovers")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended


def _is_at_work(instance: dg.DagsterInstance, run_id: str) -> bool:
    found = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.RUN_START, limit=1).records
    event = found[0].event_log_entry.dagster_event if found else None
    if event is None or event.pid is None:
        return True  # not begun yet: Dagster's own start timeout takes care of it
    try:
        os.kill(event.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    began = _began(event.pid)
    return began is None or began <= found[0].event_log_entry.timestamp + _CLOCK_TOLERANCE_SECONDS


def _began(pid: int) -> float | None:
    """When that process began, in seconds since 1970; None where the system does not say.

    Process ids are used again: one that began after the run did is somebody else, and so is one that has ended.
    """
    try:
        state, *facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        booted = next(
            line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime")
        )
    except (OSError, ValueError, StopIteration):
        return None
    if state in "ZX":
        return float("inf")
    return float(booted.split()[1]) + int(facts[18]) / os.sysconf("SC_CLK_TCK")
