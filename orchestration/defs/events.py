"""Events in the graph: derived from the published copy, told after write-back and when a subscriber waits."""

from typing import Any

import dagster as dg

from orchestration import events
from orchestration.defs.corrections import OWNERS
from orchestration.defs.ingestion import NO_STEP_RETRIES
from orchestration.runtime import Runtime
from orchestration.translator import FRESHNESS

JOB = "events_job"


def build_event_assets(runtime: Runtime) -> list[dg.AssetsDefinition]:
    """What the business did, and who was told."""
    common: dict[str, Any] = {
        "group_name": "events",
        "owners": OWNERS,
        "retry_policy": NO_STEP_RETRIES,
        "freshness_policy": FRESHNESS,
    }

    @dg.asset(
        key="business_events",
        deps=["published_copy"],
        kinds={"sqlite"},
        pool="ledger",
        description="What the business did, in the event log once per fact: deals, projects, time, invoices.",
        **common,
    )
    def business_events() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=events.derive(runtime))

    @dg.asset(
        key="event_deliveries",
        deps=["business_events", "correction_deliveries"],
        kinds={"http"},
        pool="events",
        description="Events told to subscribers: signed, at least once, in order per subject.",
        **common,
    )
    def event_deliveries() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=events.tell(runtime))

    return [business_events, event_deliveries]


def build_event_job() -> Any:
    """Tell subscribers what waits."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets("event_deliveries"),
        executor_def=dg.in_process_executor,
        description="Tell subscribers what happened.",
    )


def build_event_sensors(runtime: Runtime) -> list[dg.SensorDefinition]:
    """Asks for one delivery run per step forward or attempt that is due."""

    @dg.sensor(
        name="waiting_events_sensor",
        job_name=JOB,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests a delivery when a subscriber has not heard of an event.",
    )
    def waiting_events() -> dg.RunRequest | dg.SkipReason:
        work = events.next_work(runtime)
        if work is None:
            return dg.SkipReason("every subscriber has heard everything that is due")
        return dg.RunRequest(run_key=f"events:{work}")

    return [waiting_events]
