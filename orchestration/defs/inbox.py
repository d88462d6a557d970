"""Sensors on vendors' messages: a message wakes a read of its instance, several of them one read."""

from typing import Any

import dagster as dg

from orchestration import inbox
from orchestration.runtime import Runtime

RUNNING = dg.DefaultSensorStatus.RUNNING


def build_inbox_sensors(runtime: Runtime, jobs: dict[str, Any]) -> list[dg.SensorDefinition]:
    """The sensor on the inbox, and the one that fetches feeds into it. A read that failed is not asked for again:
    the hourly schedule repairs it, as it repairs messages that never came."""
    syncs = [job for name, job in jobs.items() if name.startswith("sync_")]

    @dg.sensor(
        name="inbox_sensor",
        jobs=syncs,
        minimum_interval_seconds=30,
        default_status=RUNNING,
        description="Requests a read of each instance that has sent messages since its last one.",
    )
    def wake(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        wanted = inbox.wanted_reads(runtime, context.instance)
        if not wanted:
            return dg.SkipReason("every message has been answered by a read")
        return [
            dg.RunRequest(
                run_key=f"inbox:{one.instance}:{one.last}",
                job_name=inbox.job_of(runtime, one.instance),
                partition_key=one.instance,
                tags={"concord/inbox": f"{one.messages} messages on {', '.join(one.objects)}"[:250]},
            )
            for one in wanted
        ]

    @dg.sensor(
        name="subscribed_events_sensor",
        minimum_interval_seconds=300,
        default_status=RUNNING,
        description="Fetches the event feeds of vendors that post no webhooks into the inbox.",
    )
    def fetch() -> dg.SkipReason:
        fresh = inbox.pull_feeds(runtime)
        return dg.SkipReason(", ".join(f"{name}: {count} new" for name, count in fresh.items()) or "no feeds")

    return [wake, fetch]
