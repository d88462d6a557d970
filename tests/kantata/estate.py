"""The estate's entry for a test tenant."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from config import load_config
from config.schema import Instance
from connectors.http import Backoff
from connectors.kantata import KantataClient, connect

# The simulator serves the custom fields that the demo estate maps, so a test tenant maps the same.
CUSTOM_FIELDS = load_config().instance("kantata_group").custom_fields


def instance_at(url: str, *, name: str = "kantata_test", **changes: Any) -> Instance:
    facts: dict[str, Any] = {
        "name": name,
        "system": "kantata",
        "base_url": url,
        "business_units": ["advisory"],
        "legal_entities": ["MCG-US"],
        "credentials": {"token": "CONCORD_TEST_TOKEN"},
        "options": {"subscribed_events": True},
        "custom_fields": CUSTOM_FIELDS,
    }
    return Instance(**(facts | changes))


def connected(instance: Instance, directory: Path, clock: Any, token: str) -> KantataClient:
    def never(_seconds: float) -> None:
        return None

    return connect(
        instance,
        environ={"CONCORD_TEST_TOKEN": token},
        budget_dir=directory / "budget",
        clock=clock,
        backoff=Backoff(attempts=4, start=2.0, cap=60.0),
        sleep=never,
        timeout=10.0,
    )


def aware(text: str) -> datetime:
    return datetime.fromisoformat(text)
