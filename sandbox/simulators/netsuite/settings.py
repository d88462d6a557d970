"""What is fixed about one simulated account: who may sign in, its time zone, limits and rights."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Account settings. Secrets are compared, never shown."""

    account: str  # "4471023" or "4471023_SB1"; also the OAuth1 realm
    consumer_key: str = ""
    consumer_secret: str = field(default="", repr=False)
    token_id: str = ""
    token_secret: str = field(default="", repr=False)
    client_id: str = ""
    certificates: Mapping[str, str] = field(default_factory=dict)  # certificate id -> public key PEM
    token_seconds: int = 3600
    time_zone: str = "America/New_York"  # the integration user's: literals and TO_CHAR
    date_format: str = "M/D/YYYY"  # the integration user's: dates that nobody formatted
    concurrency: int = 5
    service_seconds: float = 0.0  # how long each call holds its slot
    row_cap: int = 100_000
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)  # table -> columns without permission
    hidden_tables: frozenset[str] = frozenset()
    wall: Callable[[], float] = time.time  # sign-in runs on the wall clock, unlike the firm

    @property
    def zone(self) -> ZoneInfo:
        """The integration user's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def realm(self) -> str:
        """OAuth1 realm: upper case, with underscores."""
        return self.account.upper().replace("-", "_")
