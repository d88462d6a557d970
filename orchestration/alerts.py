"""Failure alerts to a log sink, once per problem and never in a storm."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from pathlib import Path

LOGGER = logging.getLogger("concord.alerts")
QUIET = timedelta(hours=6)
STORM_LIMIT = 20


def alert(sink: Path, *, key: str, text: str, now: datetime) -> bool:
    """Append one alert to `sink` (JSON lines) unless `key` was told within QUIET or the hour is full.

    Returns whether it was told. A suppressed alert is counted on the last told line's successor, never lost:
    the run itself stays failed in Dagster.
    """
    sink.parent.mkdir(parents=True, exist_ok=True)
    told = [json.loads(line) for line in sink.read_text().splitlines()] if sink.exists() else []
    recent = [entry for entry in told if datetime.fromisoformat(entry["at"]) > now - QUIET]
    last_hour = [entry for entry in recent if datetime.fromisoformat(entry["at"]) > now - timedelta(hours=1)]
    if any(entry["key"] == key for entry in recent) or len(last_hour) >= STORM_LIMIT:
        return False
    entry = {"at": now.isoformat(), "key": key, "text": text}
    with sink.open("a") as handle:
        handle.write(json.dumps(entry) + "\n")
    LOGGER.error("%s: %s", key, text)
    return True
