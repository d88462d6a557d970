"""One sync of one instance: read, judge, load, remember where we were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from config.paths import Home
from config.schema import Config

Mode = Literal["incremental", "full"]


@dataclass(frozen=True, kw_only=True)
class SyncResult:
    """What one run did."""

    instance: str
    run_id: str
    mode: Mode
    rows_by_table: dict[str, int] = field(default_factory=dict)  # rows landed
    quarantined: int = 0
    tombstones: int = 0
    drift: list[tuple[str, str, str]] = field(default_factory=list)  # (object, column, kind)


def sync_instance(
    cfg: Config, instance_name: str, *, mode: Mode = "incremental", home: Home, clock: Callable[[], datetime]
) -> SyncResult:
    """Bring one instance up to date. Raises after recording the failure; earlier data stays."""
    raise NotImplementedError
