"""The estate's entry for a test tenant."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from config.schema import Instance
from connectors.http import Backoff
from connectors.kantata import KantataClient, connect

CUSTOM_FIELDS = {
    "Workspace": {
        "Practice": "practice_code",
        "Business Unit": "business_unit_code",
        "Legal Entity": "legal_entity_code",
        "Contract Type": "contract_type_code",
        "Open For Time From": "open_from",
        "Open For Time To": "open_to",
        "Budget Hours": "budget_hours",
    },
    "WorkspaceGroup": {"Legal Name": "legal_name", "Payment Terms Days": "payment_terms_days"},
    "Story": {"Accepted On": "accepted_on", "Baseline Due Date": "baseline_due_date"},
}


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
