"""The main job on the simulated firm, through the same Dagster jobs that run in production."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path
from typing import TypeVar

import dagster as dg
from rich.console import Console

from config.paths import Home
from ingestion.registry import system
from orchestration.docs import write_docs, write_front_page
from orchestration.estate import enter_environment, is_made, make_firm, next_days, served_simulators
from orchestration.interrupted import end_interrupted_runs
from orchestration.runtime import Runtime, ensure_manifest
from orchestration.serving import (
    CONSOLE_PORT,
    DAGSTER_PORT,
    DOCS_PORT,
    inbox_port,
    refuse_taken_ports,
    servers,
    started,
    watch,
)
from orchestration.summary import Picture, print_summary, take_picture
from orchestration.writeback import Writeback
from reverse_etl import holds

Result = TypeVar("Result")
OUT = Console(highlight=False, file=sys.stdout, width=None if sys.stdout.isatty() else 120)


def run(*, people: int, seed: int, days: int) -> None:
    """Read, agree, find, correct, advance the firm, read again, prove; then say what happened.

    Exits non-zero, with the failing step's words, when any step fails.
    """
    home = Home.from_environment()
    started = time.monotonic()
    with ThreadPoolExecutor(3) as beside:
        # None of the three needs the others.
        parsed = beside.submit(lambda: ensure_manifest(Runtime.from_environment()))
        imported = beside.submit(_import_libraries)
        if not is_made(home):
            made = beside.submit(make_firm, people, seed)
            _step(f"Making a firm of {people} people (seed {seed})", made.result)
        _step("Reading the dbt project", parsed.result)
        imported.result()
    enter_environment(home)
    with (
        served_simulators(home),
        _step("Loading the Dagster definitions", lambda: Loop.open(lanes=2)) as loop,
    ):
        loop.sync("first read")
        with next_days(days) as pass_days:
            before = loop.reconcile()
            approve = partial(loop.writeback.approve_as_demo, leave=1)
            approved = _step("Approving what waits for a person, but for one of each check", approve)
            _step(f"Delivering {approved} approved corrections", lambda: loop.job("dispatch_job"))
            _step(f"The firm lives on for {days} days", pass_days)
        after = loop.turn("second read")
    print_summary(OUT, before, after, seconds=time.monotonic() - started)


class Loop:
    """The deployment's jobs, run here against its own Dagster instance; syncs in `lanes` side by side.

    Lanes are forked before this process opens any database, so that they share the loaded definitions and
    nothing else.
    """

    def __init__(self, runtime: Runtime, definitions: dg.Definitions, lanes: int = 1) -> None:
        self.runtime = runtime
        self._definitions = definitions
        self._log = runtime.home.logs / "loop.log"
        self._lanes = _fork_lanes(definitions, self._log, lanes) if lanes > 1 else None
        self.writeback = Writeback.open(runtime)
        self._instance = dg.DagsterInstance.get()

    @classmethod
    def open(cls, lanes: int = 1) -> Loop:
        """Load the code location the way the server does."""
        from orchestration.definitions_for import build_definitions

        runtime = Runtime.from_environment()
        return cls(runtime, build_definitions(runtime), lanes)

    def __enter__(self) -> Loop:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lanes is not None:
            self._lanes.terminate()

    def turn(self, name: str) -> Picture:
        """Sync every instance, then reconcile."""
        self.sync(name)
        return self.reconcile()

    def sync(self, name: str) -> None:
        """Read every instance once."""
        end_interrupted_runs(self._instance)
        # The longest first, so that the lanes end together.
        instances = sorted(self.runtime.config.instances, key=lambda one: -len(system(one.system).tables))
        jobs = [(f"sync_{one.system}_job", one.name) for one in instances]
        if self._lanes is None:
            for job, instance in jobs:
                _step(f"Reading {instance} ({name})", partial(self.job, job, instance))
        else:
            _step(f"Reading {len(jobs)} instances ({name})", partial(self._side_by_side, jobs))

    def reconcile(self) -> Picture:
        """Build, publish, verify, propose and dispatch; the figures afterwards."""
        _step("Building, publishing, verifying, proposing, correcting", lambda: self.job("reconcile_job"))
        for words in sorted({hold.reason for hold in holds.listing(self.writeback.outbox.engine)}):
            OUT.print(f"[bold red]Not published, the last good figures stay:[/] {words}")
        return take_picture(self.runtime)

    def _side_by_side(self, jobs: list[tuple[str, str]]) -> None:
        assert self._lanes is not None
        problems = [words for words in self._lanes.imap_unordered(_in_lane, jobs, chunksize=1) if words]
        if problems:
            raise RuntimeError("; ".join(problems))

    def job(self, name: str, partition: str | None = None) -> None:
        """Run one job to its end. Raises RuntimeError with the failing step's message."""
        end_interrupted_runs(self._instance)
        words = _execute(self._definitions, self._instance, self._log, name, partition)
        if words:
            raise RuntimeError(words)


# What a lane inherits from the process that forked it.
_lane: tuple[dg.Definitions, Path] | None = None


def _fork_lanes(definitions: dg.Definitions, log: Path, lanes: int) -> Pool:
    global _lane
    _lane = definitions, log
    return multiprocessing.get_context("fork").Pool(lanes)


def _in_lane(job: tuple[str, str]) -> str:
    assert _lane is not None
    definitions, log = _lane
    with dg.DagsterInstance.get() as instance:
        return _execute(definitions, instance, log, *job)


def _execute(
    definitions: dg.Definitions, instance: dg.DagsterInstance, log: Path, name: str, partition: str | None
) -> str:
    """Run one job in this process, its log going to a file; returns the failing steps' words, or nothing."""
    job = definitions.resolve_job_def(name)
    with log.open("a") as sink, redirect_stdout(sink), redirect_stderr(sink):
        result = job.execute_in_process(instance=instance, partition_key=partition, raise_on_error=False)
    failures = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    if result.success:
        return ""
    words = "; ".join(str(error.cause or error.message) for error in failures if error)
    return f"{name} {partition or ''} failed: {words[:4000]}"


def up() -> None:
    """Serve the firm, the Dagster UI, the console and the pages about the data until interrupted."""
    home = Home.from_environment()
    wanted = servers(home)
    refuse_taken_ports(wanted)
    if not is_made(home):
        _step("Making the firm", lambda: make_firm(150, 1))
    enter_environment(home)
    runtime = Runtime.from_environment()
    if home.warehouse.exists():
        _step("Writing the documentation of the models", lambda: write_docs(runtime))
    write_front_page(runtime)
    with suppress(KeyboardInterrupt), served_simulators(home), started(wanted) as served:
        _say_where(home)
        watch(served)
    OUT.print("Stopped.")


def _say_where(home: Home) -> None:
    OUT.print(f"\n  Console     http://127.0.0.1:{CONSOLE_PORT}   (accounts in config/people.yml)")
    OUT.print(f"  Dagster UI  http://127.0.0.1:{DAGSTER_PORT}")
    OUT.print(f"  Data docs   http://127.0.0.1:{DOCS_PORT}   (models, and what the landing suites found)")
    OUT.print(f"  Webhooks    http://127.0.0.1:{inbox_port()}/hooks/<instance>")
    OUT.print("  Simulators  the base_url of each instance in config/estate.yml")
    OUT.print(f"  Logs        {home.logs}\n  Ctrl-C stops all.\n")


def _import_libraries() -> None:
    """What every lane would otherwise import for itself."""
    importlib.import_module("ingestion.expectations.engine")
    importlib.import_module("orchestration.definitions_for")


def _step(text: str, work: Callable[[], Result]) -> Result:
    started = time.monotonic()
    if OUT.is_terminal:
        with OUT.status(text):
            result = _run(text, work)
    else:
        result = _run(text, work)
    OUT.print(f"  {text:<62} {time.monotonic() - started:5.1f} s")
    return result


def _run(text: str, work: Callable[[], Result]) -> Result:
    try:
        return work()
    except RuntimeError as error:
        OUT.print(f"[bold red]{text}: failed[/]\n{error}")
        sys.exit(1)
