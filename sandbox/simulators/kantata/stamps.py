"""Instants: UTC text in the store, the account's own offset on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sandbox.simulators.kantata.errors import syntax


def to_store(instant: datetime) -> str:
    """UTC text with seconds, which sorts as time does."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_parameter(name: str, value: str) -> str:
    """A query instant as store text; a naive one is UTC. Raises the vendor's 400 when unreadable."""
    try:
        instant = datetime.fromisoformat(value.strip().replace(" ", "+"))
    except ValueError as error:
        raise syntax(f"{name} is not an ISO 8601 date time") from error
    return to_store(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def show(text: str, zone: str) -> str:
    """Store text as the API shows it: local time of the account with its offset."""
    prefix, suffix = _local_minute(text[:16], zone)
    return f"{prefix}{text[16:19]}{suffix}"


@lru_cache(maxsize=200_000)
def _local_minute(minute: str, zone: str) -> tuple[str, str]:
    local = datetime.fromisoformat(minute).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    shown = local.isoformat(timespec="minutes")
    return shown[:16], shown[16:]
