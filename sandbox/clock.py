"""The simulated firm's clock: a file that runs at the pace of real time from where it was set."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.clock import read_clock

_LONGEST_GAP = timedelta(hours=1)


def set_clock(path: Path, moment: datetime) -> None:
    """Let the clock show `moment` now and run on from there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps({"now": moment.isoformat(), "set_at": datetime.now(UTC).isoformat()}))
    unfinished.replace(path)


def resume_clock(path: Path) -> datetime:
    """Wake the clock after the demo was down: the firm slept too, so at most an hour has passed there."""
    shown = read_clock(path)
    stored = datetime.fromisoformat(json.loads(path.read_text())["now"])
    moment = min(shown, stored + _LONGEST_GAP)
    set_clock(path, moment)
    return moment
