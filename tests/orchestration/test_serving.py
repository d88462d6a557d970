"""`make up`: all servers or none, and none is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.paths import REPOSITORY, Home
from orchestration.serving import Server, refuse_taken_ports, servers, started, watch

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
LIKE_DAGSTER = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT)); time.sleep(600)",
)
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
)


def test_a_server_that_ends_by_itself_is_named_and_ends_the_others(tmp_path: Path) -> None:
    dying = (sys.executable, "-c", "import sys; sys.exit('no room left')")
    log = tmp_path / "console.log"
    with (
        pytest.raises(RuntimeError, match=r"Console ended with exit code 1(.|\n)*no room left"),
        started(
            [Server("Docs", 0, SLEEPER, tmp_path / "docs.log"), Server("Console", 0, dying, log)]
        ) as served,
    ):
        watch(served)
    assert all(one.process.poll() is not None for one in served.running)


def test_a_port_in_use_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        wanted = [
            Server("Docs", 1, SLEEPER, tmp_path / "log"),
            Server("Console", port, SLEEPER, tmp_path / "log"),
        ]
        with pytest.raises(RuntimeError, match=rf"ports are taken: Console \({port}\)"):
            refuse_taken_ports(wanted)


@pytest.mark.parametrize(
    ("launcher", "command", "times"),
    [
        ((), SLEEPER, 1),
        # a shell starts what follows with `&` deaf to interrupts, and Dagster hears an end as it hears an interrupt
        (("sh", "-c", 'trap "" INT; exec "$@"', "sh"), LIKE_DAGSTER, 1),
        ((), STUBBORN, 2),
    ],
    ids=["at a terminal", "in the background", "asked twice"],
)
def test_being_asked_to_end_ends_the_servers_too(
    tmp_path: Path, launcher: tuple[str, ...], command: tuple[str, ...], times: int
) -> None:
    script = (
        "from pathlib import Path; from orchestration.serving import *\n"
        f"with started([Server('Docs', 0, {command!r}, Path({str(tmp_path / 'log')!r}))]) as served:\n"
        "    time.sleep(0.5)\n"
        "    print(served.running[0].process.pid, flush=True)\n"
        "    watch(served)\n"
    )
    whole = [*launcher, sys.executable, "-c", script]
    main = subprocess.Popen(whole, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert main.stdout is not None
    child = int(main.stdout.readline())
    for _ in range(times):
        main.send_signal(signal.SIGTERM)
        time.sleep(0.5)
    assert main.wait(timeout=30) == 0
    deadline = time.monotonic() + 30
    while _is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_alive(child)


def test_everything_served_listens_on_this_machine_only(tmp_path: Path) -> None:
    for server in servers(Home(tmp_path)):
        assert "127.0.0.1" in server.command, server.name


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
