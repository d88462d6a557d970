"""One alert per problem, none lost in a storm without the run staying failed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.alerts import QUIET, STORM_LIMIT, alert

NOW = datetime(2026, 6, 30, 18, tzinfo=UTC)


def told(sink: Path) -> list[str]:
    return [json.loads(line)["key"] for line in sink.read_text().splitlines()]


def test_a_repeated_problem_is_told_once_until_quiet_time_is_over(tmp_path: Path) -> None:
    sink = tmp_path / "alerts.jsonl"
    assert alert(sink, key="sync_kantata_job:kantata_group", text="down", now=NOW)
    assert not alert(sink, key="sync_kantata_job:kantata_group", text="down", now=NOW + timedelta(hours=1))
    assert alert(
        sink, key="sync_kantata_job:kantata_group", text="down", now=NOW + QUIET + timedelta(minutes=1)
    )
    assert len(told(sink)) == 2


def test_another_partition_is_another_problem(tmp_path: Path) -> None:
    sink = tmp_path / "alerts.jsonl"
    assert alert(sink, key="sync:a", text="down", now=NOW)
    assert alert(sink, key="sync:b", text="down", now=NOW)
    assert told(sink) == ["sync:a", "sync:b"]


def test_a_storm_is_limited_per_hour(tmp_path: Path) -> None:
    sink = tmp_path / "alerts.jsonl"
    results = [alert(sink, key=f"job:{number}", text="down", now=NOW) for number in range(STORM_LIMIT + 5)]
    assert sum(results) == STORM_LIMIT
    assert alert(sink, key="job:later", text="down", now=NOW + timedelta(hours=1, minutes=1))
