"""What `make up` serves beside the simulators: each in a process of its own, all of them or none."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config import load_config
from config.paths import REPOSITORY, Home
from orchestration.estate import answers

CONSOLE_PORT = 8080
DAGSTER_PORT = 3000
DOCS_PORT = 8081
_LOOK_EVERY_SECONDS = 0.5
_END_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """One server: what people call it, where it listens, how it starts."""

    name: str
    port: int
    command: tuple[str, ...]
    log: Path


@dataclass(frozen=True)
class Running:
    """A server and its process."""

    server: Server
    process: subprocess.Popen[bytes]


@dataclass
class Served:
    """What runs, and how often somebody asked that it ends."""

    running: list[Running] = field(default_factory=list)
    asked: int = 0

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """The handler of SIGTERM and of SIGINT."""
        self.asked += 1


def servers(home: Home) -> list[Server]:
    """Dagster UI, console, inbox and the pages about the data; each says what it does in a log of its own."""
    dagster = _module("dagster", "dev", "-h", "127.0.0.1", "-p", str(DAGSTER_PORT))
    docs = _module("http.server", str(DOCS_PORT), "--bind", "127.0.0.1", "--directory", str(home.docs))
    inbox = inbox_port()
    return [
        Server("Dagster UI", DAGSTER_PORT, dagster, home.logs / "dagster.log"),
        Server(
            "Console", CONSOLE_PORT, _app("console.app:create_app", CONSOLE_PORT), home.logs / "console.log"
        ),
        Server("Webhooks", inbox, _app("reverse_etl.inbox.app:create_app", inbox), home.logs / "inbox.log"),
        Server("Docs", DOCS_PORT, docs, home.logs / "docs.log"),
    ]


def inbox_port() -> int:
    """Where vendors' webhooks arrive."""
    return load_config().events.inbox.port


def refuse_taken_ports(wanted: Sequence[Server]) -> None:
    """Raise RuntimeError naming every port that something else listens on."""
    taken = [f"{server.name} ({server.port})" for server in wanted if answers(server.port)]
    if taken:
        raise RuntimeError(
            f"ports are taken: {', '.join(taken)}. Stop what listens there (another `make up`?) and try again."
        )


@contextmanager
def started(wanted: Sequence[Server]) -> Iterator[Served]:
    """The servers while the block runs; all are ended with it.

    Being asked to end is noted and not raised: an exception amid `subprocess` can leave it locked. A shell lets what
    it starts with ``&`` ignore interrupts; a process with a handler does not pass that on, and Dagster, which hears
    an end as it hears an interrupt, would never stop.
    """
    served = Served()
    before = {number: signal.signal(number, served.hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        for server in wanted:
            with server.log.open("ab") as log:
                child = subprocess.Popen(server.command, cwd=REPOSITORY, stdout=log, stderr=log)
            served.running.append(Running(server, child))
        yield served
    finally:
        _end(served)
        for number, handler in before.items():
            signal.signal(number, handler)


def watch(served: Served) -> None:
    """Wait until asked to end. Raises RuntimeError as soon as a server ends by itself: a half is not served."""
    while not served.asked:
        for one in served.running:
            if one.process.poll() is not None:
                words = f"{one.server.name} ended with exit code {one.process.returncode}"
                raise RuntimeError(
                    f"{words}; its last words are in {one.server.log}:\n{_tail(one.server.log)}"
                )
        time.sleep(_LOOK_EVERY_SECONDS)


def _end(served: Served) -> None:
    """Ask the servers to end; who is slow, or waited for by somebody who asks again, is killed."""
    asked = served.asked
    processes = [one.process for one in served.running]
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + _END_WITHIN_SECONDS
    while any(process.poll() is None for process in processes):
        if served.asked > asked or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    for process in processes:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def _module(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)


def _app(factory: str, port: int) -> tuple[str, ...]:
    return _module(
        "uvicorn", factory, "--factory", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"
    )
