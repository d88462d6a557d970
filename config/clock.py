"""What time it is: one place, so that a simulated firm can live on its own day."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

Clock = Callable[[], datetime]


def now() -> datetime:
    """Aware UTC time; the simulated firm's own when CONCORD_CLOCK_FILE names its clock.

    That file holds `now`, and `set_at` when the clock runs on from there at the pace of real time: a read
    after a write must be later than it. Raises ValueError when a moment there carries no zone.
    """
    path = os.environ.get("CONCORD_CLOCK_FILE")
    return read_clock(Path(path)) if path else datetime.now(UTC)


def read_clock(path: Path) -> datetime:
    """The moment a clock file shows, aware UTC."""
    face = {name: _aware(value, path) for name, value in json.loads(path.read_text()).items()}
    elapsed = datetime.now(UTC) - face["set_at"] if "set_at" in face else None
    return face["now"] + elapsed if elapsed else face["now"]


def _aware(text: str, path: Path) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{path}: the clock must carry a time zone, for example 2026-06-30T18:00:00+00:00")
    return moment.astimezone(UTC)
