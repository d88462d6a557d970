"""The event use cases as assets and sensors call them, with counts as metadata."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

from orchestration.runtime import Runtime
from reverse_etl.events import business, deliver
from reverse_etl.ledger import open_ledger
from reverse_etl.outbox import wall_clock
from reverse_etl.setup import open_published


def derive(runtime: Runtime) -> dict[str, int]:
    """Record the business events of the newest published copy."""
    engine = open_ledger(runtime.home.ledger_url)
    return asdict(business.derive(engine, open_published(runtime.home), runtime.clock))


def tell(runtime: Runtime) -> dict[str, Any]:
    """Deliver what subscribers have not heard."""
    events = runtime.config.events
    report = deliver.deliver(
        open_ledger(runtime.home.ledger_url),
        events.subscriptions,
        os.environ,
        settings=events.delivery,
        wall=wall_clock,
    )
    return {
        f"{name}.{fact}": value
        for name, told in report.subscriptions.items()
        for fact, value in asdict(told).items()
        if value is not None
    }


def next_work(runtime: Runtime) -> str | None:
    """A mark of what a delivery would do, or None when nothing is due."""
    engine = open_ledger(runtime.home.ledger_url)
    return deliver.next_work(engine, runtime.config.events.subscriptions, wall_clock())
