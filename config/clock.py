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

    Raises ValueError when that clock holds a time without a zone.
    """
    path = os.environ.get("CONCORD_CLOCK_FILE")
    if not path:
        return datetime.now(UTC)
    moment = datetime.fromisoformat(json.loads(Path(path).read_text())["now"])
    if moment.tzinfo is None:
        raise ValueError(f"{path}: the clock must carry a time zone, for example 2026-06-30T18:00:00+00:00")
    return moment.astimezone(UTC)
