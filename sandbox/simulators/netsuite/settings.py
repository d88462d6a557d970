"""What is fixed about one simulated account: who may sign in, its time zone, limits and rights."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from sandbox.simulators.webhooks import Courier


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
    courier: Courier | None = None  # whom the user-event script tells
    wall: Callable[[], float] = time.time  # sign-in runs on the wall clock, unlike the firm

    @property
    def zone(self) -> ZoneInfo:
        """The integration user's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def realm(self) -> str:
        """OAuth1 realm: upper case, with underscores."""
        return self.account.upper().replace("-", "_")


def settings_for(credentials: Mapping[str, str], options: Mapping[str, Any]) -> Settings:
    """What an account accepts, from the credentials Concord will present and the estate's options.

    Raises KeyError naming the credential or option when one is missing.
    """
    optional = {name: options[name] for name in ("date_format", "concurrency", "row_cap") if name in options}
    facts: dict[str, Any] = {
        "account": str(options["account"]),
        "time_zone": options["time_zone"],
        **optional,
    }
    if options["auth"] == "tba":
        names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
        return Settings(**(facts | {name: credentials[name] for name in names}))
    certificate = {credentials["certificate_id"]: _public_key(credentials["private_key"])}
    return Settings(**facts, client_id=credentials["client_id"], certificates=certificate)


def _public_key(private_key: str) -> str:
    public = load_pem_private_key(private_key.encode(), password=None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
