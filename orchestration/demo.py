"""The main job on the simulated firm, through the same Dagster jobs that run in production."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from typing import TypeVar

import dagster as dg
from rich.console import Console

from config.paths import REPOSITORY, Home
from orchestration.estate import advance_firm, enter_environment, is_made, make_firm, served_simulators
from orchestration.interrupted import end_interrupted_runs
from orchestration.runtime import Runtime
from orchestration.summary import Picture, print_summary, take_picture
from orchestration.writeback import Writeback

CONSOLE_PORT = 8080
DAGSTER_PORT = 3000
Result = TypeVar("Result")
OUT = Console(highlight=False, file=sys.stdout, width=None if sys.stdout.isatty() else 120)


def run(*, people: int, seed: int, days: int) -> None:
    """Read, agree, find, correct, advance the firm, read again, prove; then say what happened.

    Exits non-zero, with the failing step's words, when any step fails.
    """
    home = Home.from_environment()
    started = time.monotonic()
    if not is_made(home):
        _step(f"Making a firm of {people} people (seed {seed})", lambda: make_firm(people, seed))
    enter_environment(home)
    with served_simulators(home):
        loop = _step("Loading the Dagster definitions", Loop.open)
        before = loop.turn("first read")
        approved = _step("Approving what waits for a person", loop.writeback.approve_as_demo)
        _step(f"Delivering {approved} approved corrections", lambda: loop.job("dispatch_job"))
        _step(f"The firm lives on for {days} days", lambda: advance_firm(days))
        after = loop.turn("second read")
    print_summary(OUT, before, after, seconds=time.monotonic() - started)


class Loop:
    """The deployment's jobs, run in this process against its own Dagster instance."""

    def __init__(self, runtime: Runtime, definitions: dg.Definitions) -> None:
        self.runtime = runtime
        self.writeback = Writeback.open(runtime)
        self._definitions = definitions
        self._instance = dg.DagsterInstance.get()

    @classmethod
    def open(cls) -> Loop:
        """Load the code location the way the server does."""
        from orchestration.definitions_for import build_definitions

        runtime = Runtime.from_environment()
        return cls(runtime, build_definitions(runtime))

    def turn(self, name: str) -> Picture:
        """Sync every instance, then build, publish, verify, propose and dispatch."""
        for instance in self.runtime.config.instances:
            work = partial(self.job, f"sync_{instance.system}_job", instance.name)
            _step(f"Reading {instance.name} ({name})", work)
        _step("Building, publishing, verifying, proposing, correcting", lambda: self.job("reconcile_job"))
        return take_picture(self.runtime)

    def job(self, name: str, partition: str | None = None) -> None:
        """Run one job to its end. Raises RuntimeError with the failing step's message."""
        end_interrupted_runs(self._instance)
        job = self._definitions.resolve_job_def(name)
        with (
            (self.runtime.home.logs / "loop.log").open("a") as log,
            redirect_stdout(log),
            redirect_stderr(log),
        ):
            result = job.execute_in_process(
                instance=self._instance, partition_key=partition, raise_on_error=False
            )
        if not result.success:
            failures = [event for event in result.all_events if event.is_step_failure]
            words = "; ".join(
                str(event.step_failure_data.error.cause or event.step_failure_data.error.message)
                for event in failures
                if event.step_failure_data.error
            )
            raise RuntimeError(f"{name} {partition or ''} failed: {words[:4000]}")


def up() -> None:
    """Serve the firm, the Dagster UI and the console until interrupted."""
    home = Home.from_environment()
    if not is_made(home):
        _step("Making the firm", lambda: make_firm(150, 1))
    enter_environment(home)
    Runtime.from_environment()
    with served_simulators(home):
        dagster = [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(DAGSTER_PORT)]
        console = [
            sys.executable, "-m", "uvicorn", "console.app:create_app", "--factory",
            "--host", "127.0.0.1", "--port", str(CONSOLE_PORT), "--log-level", "warning",
        ]  # fmt: skip
        children = [subprocess.Popen(command, cwd=REPOSITORY) for command in (dagster, console)]
        OUT.print(f"\n  Console     http://127.0.0.1:{CONSOLE_PORT}   (accounts in config/people.yml)")
        OUT.print(f"  Dagster UI  http://127.0.0.1:{DAGSTER_PORT}")
        OUT.print("  Simulators  the base_url of each instance in config/estate.yml\n  Ctrl-C stops all.\n")
        try:
            for child in children:
                child.wait()
        except KeyboardInterrupt:
            OUT.print("Stopping.")
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(timeout=60)


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
