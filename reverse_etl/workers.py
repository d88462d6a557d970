"""Who holds a lease, and whether that process still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def this_worker() -> str:
    """Who holds a lease: host, process, and when the process began, as process ids are used again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid()) or 0}"


def _started(pid: int) -> str | None:
    """When the process began, in ticks since boot; None where the system does not say or it has ended."""
    try:
        state, *facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state in "ZX" else facts[18]


def is_running(worker: str) -> bool:
    """Whether the holder of a lease may still be at work; a process of another host always may be."""
    host, pid, started = worker.rsplit(":", 2)
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return started in ("0", _started(int(pid)))
