"""One sync of one instance: recover, read, judge, load, remember, and record the attempt."""

from __future__ import annotations

import copy
import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from config.clock import Clock
from config.paths import Home
from config.schema import Config, Instance
from ingestion import registry
from ingestion.errors import BusyError, told
from ingestion.extract import Extract, ExtractContext
from ingestion.journal import RunRecord, receive, record_run
from ingestion.pipeline import InstancePipeline
from ingestion.run import Run
from ingestion.tables import Table, bind
from ingestion.warehouse import open_warehouse, warehouse_lock

Mode = Literal["incremental", "full"]
CHECKPOINT_ROWS = 50_000


@dataclass(frozen=True, kw_only=True)
class SyncResult:
    """What one run did."""

    instance: str
    run_id: str
    mode: Mode
    rows_read: int = 0
    rows_by_table: dict[str, int] = field(default_factory=dict)  # rows landed
    quarantined: int = 0
    tombstones: int = 0
    drift: list[tuple[str, str, str]] = field(default_factory=list)  # (object, column, kind)


def sync_instance(
    cfg: Config,
    instance_name: str,
    *,
    mode: Mode = "incremental",
    home: Home,
    clock: Clock,
    systems: Callable[[str], registry.System] = registry.system,
    environ: Mapping[str, str] | None = None,
    checkpoint_rows: int = CHECKPOINT_ROWS,
    accept_shrink: bool = False,
) -> SyncResult:
    """Bring one instance up to date, finishing first what a killed run left.

    Any failure is recorded in `raw_landing.sync_run` and raised; earlier data stays as it was. Raises
    BusyError when another run of this instance is under way.
    """
    instance = cfg.instance(instance_name)
    with only_run(home, instance_name):
        attempt = _Attempt(instance, mode, home, clock)
        try:
            run = _execute(
                attempt,
                systems,
                dict(os.environ if environ is None else environ),
                checkpoint_rows,
                accept_shrink,
            )
        except Exception as error:
            attempt.record("failed", error=told(error))
            raise
        attempt.record("ok", rows_read=run.rows_read, complete_until=run.until)
    return _result(run, mode)


def _result(run: Run, mode: Mode) -> SyncResult:
    return SyncResult(
        instance=run.instance,
        run_id=run.run_id,
        mode=mode,
        rows_read=run.rows_read,
        rows_by_table=run.rows_by_table,
        quarantined=run.quarantined,
        tombstones=run.tombstones,
        drift=run.drift,
    )


def bound_tables(instance: Instance, tables: Mapping[str, Table]) -> dict[str, Table]:
    """The system's tables with this instance's custom fields."""
    return {
        name: bind(table, instance.custom_fields.get(table.vendor_object or name, {}))
        for name, table in tables.items()
    }


def recover(home: Home, pipeline: InstancePipeline) -> None:
    """Load what an earlier run had prepared, and take over the state that the warehouse committed."""
    begun = pipeline.has_begun()
    pending = not begun and pipeline.normalize_pending()
    with warehouse_lock(home), open_warehouse(home) as connection:
        if begun:
            pipeline.abandon()
        if pending:
            pipeline.load()
        pipeline.reconcile_state(connection)
        receive(connection, pipeline.dataset)


def _execute(
    attempt: _Attempt,
    systems: Callable[[str], registry.System],
    environ: dict[str, str],
    checkpoint_rows: int,
    accept_shrink: bool,
) -> Run:
    instance, home, clock = attempt.instance, attempt.home, attempt.clock
    system = systems(instance.system)
    pipeline = InstancePipeline(home, instance.name, instance.system)
    recover(home, pipeline)
    state = copy.deepcopy(pipeline.state())
    tables = bound_tables(instance, system.tables)
    client = system.connect(instance, environ=environ, budget_dir=home.budget, clock=clock)
    context = ExtractContext(
        instance=instance,
        tables=tables,
        clock=clock,
        full=attempt.mode == "full",
        history_start=_history_start(instance),
    )
    extract: Extract = system.build_source(instance, client=client, context=context)
    run = Run(
        instance=instance.name,
        system=instance.system,
        run_id=attempt.run_id,
        full=attempt.mode == "full",
        home=home,
        pipeline=pipeline,
        tables=tables,
        until=attempt.started_at,
        checkpoint_rows=checkpoint_rows,
        accept_shrink=accept_shrink,
        state=state,
        loaded_at=after(attempt.started_at, state.get("loaded_at")),
    )
    run.execute(extract)
    return run


class _Attempt:
    """One try at a sync, recorded whatever happens: a marker file tells of a run that was killed."""

    def __init__(self, instance: Instance, mode: Mode, home: Home, clock: Clock) -> None:
        self.instance = instance
        self.mode = mode
        self.home = home
        self.clock = clock
        self.started_at = clock()
        self.run_id = f"{instance.name}-{self.started_at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self._marker = home.dlt / f"{instance.name}.running.json"
        self._report_killed()
        self._marker.write_text(json.dumps({"run_id": self.run_id, "mode": mode, "at": str(self.started_at)}))

    def record(self, status: str, **facts: Any) -> None:
        """Keep the outcome in `raw_landing.sync_run`."""
        self._write(self.run_id, self.mode, self.started_at, status, facts)
        self._marker.unlink(missing_ok=True)

    def _report_killed(self) -> None:
        if not self._marker.exists():
            return
        try:
            marker = json.loads(self._marker.read_text())
            started_at = datetime.fromisoformat(marker["at"])
        except (ValueError, KeyError):  # killed while writing the marker itself: nothing had been read
            return
        error = "the run was interrupted before it ended; the next run recovers what it had read"
        self._write(marker["run_id"], marker["mode"], started_at, "failed", {"error": error})

    def _write(
        self, run_id: str, mode: str, started_at: datetime, status: str, facts: dict[str, Any]
    ) -> None:
        record = RunRecord(
            instance=self.instance.name,
            system=self.instance.system,
            run_id=run_id,
            mode=mode,
            started_at=started_at,
            finished_at=self.clock(),
            status=status,
            **facts,
        )
        with warehouse_lock(self.home), open_warehouse(self.home) as connection:
            record_run(connection, record)


@contextmanager
def only_run(home: Home, instance: str) -> Iterator[None]:
    """Be the only one that works on this instance; BusyError when another does."""
    path: Path = home.dlt / f"{instance}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout as error:
        if error.lock_file != str(path):
            raise
        raise BusyError(
            f"{instance}: another sync of this instance is under way; wait for it to end"
        ) from error


def after(now: datetime, last: str | None) -> datetime:
    """A load time strictly after the last one, so that row and tombstone of two runs never tie."""
    if last is None:
        return now
    return max(now, datetime.fromisoformat(last) + timedelta(microseconds=1))


def _history_start(instance: Instance) -> datetime | None:
    value = instance.options.get("history_start")
    if value is None:
        return None
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    return datetime.combine(day, time(), UTC)
