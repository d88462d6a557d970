"""Starting the simulated estate beside Concord: its processes, its clock and its credentials."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from config import load_config
from config.paths import REPOSITORY, Home
from sandbox.clock import resume_clock
from sandbox.credentials import complete_credentials, read_credentials

CONSOLE_PASSWORD = "meridian"  # noqa: S105 - the demo's public password, for accounts of an invented firm


def is_made(home: Home) -> bool:
    """Whether this home already has a simulated firm."""
    return (home.sandbox / "clock.json").exists()


def make_firm(people: int, seed: int) -> None:
    """Generate the firm and its vendors' records."""
    _sandbox("init", "--seed", str(seed), "--people", str(people))


def enter_environment(home: Home) -> None:
    """Point this process at the firm: its clock, its credentials, Dagster's home."""
    os.environ["CONCORD_HOME"] = str(home.root)
    os.environ["CONCORD_CLOCK_FILE"] = str(home.sandbox / "clock.json")
    os.environ.setdefault("CONCORD_CONSOLE_PASSWORD", CONSOLE_PASSWORD)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    complete_credentials(load_config().instances, home.sandbox / "sandbox.env")
    os.environ.update(read_credentials(home.sandbox / "sandbox.env"))
    resume_clock(home.sandbox / "clock.json")


@contextmanager
def next_days(days: int) -> Iterator[Callable[[], None]]:
    """Work out the firm's next days beside other work; the value, once called, lets them happen.

    Not called, nothing happens. Raises RuntimeError with the sandbox's words when it fails.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "advance", "--days", str(days), "--when-told"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def pass_days() -> None:
        said, _ = child.communicate("now\n")
        if child.returncode != 0:
            raise RuntimeError(f"sandbox advance failed:\n{said[-4000:]}")

    try:
        yield pass_days
    finally:
        child.kill()
        child.wait()


@contextmanager
def served_simulators(home: Home) -> Iterator[None]:
    """The simulators in a process of their own while the block runs.

    Raises RuntimeError when a port is taken by something else or a simulator does not come up.
    """
    ports = {instance.name: urlsplit(instance.base_url).port or 80 for instance in load_config().instances}
    taken = [f"{name} ({port})" for name, port in ports.items() if answers(port)]
    if taken:
        raise RuntimeError(
            f"ports are taken: {', '.join(taken)}. Stop what listens there (another `make up`?) and try again."
        )
    home.logs.mkdir(parents=True, exist_ok=True)
    with (home.logs / "simulators.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "serve"], cwd=REPOSITORY, stdout=log, stderr=log
        )
    try:
        _wait(child, ports)
        yield
    finally:
        child.terminate()
        child.wait(timeout=15)


def _wait(child: subprocess.Popen[bytes], ports: dict[str, int]) -> None:
    deadline = time.monotonic() + 60
    while not all(answers(port) for port in ports.values()):
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the simulators did not come up; see logs/simulators.log")
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether something on this machine listens there."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _sandbox(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"sandbox {arguments[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
