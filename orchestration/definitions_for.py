"""The definitions of a deployment: merges the parts and does nothing else."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.corrections import build_correction_assets
from orchestration.defs.dbt import build_dbt_assets, dbt_resource
from orchestration.defs.events import build_event_assets, build_event_job, build_event_sensors
from orchestration.defs.inbox import build_inbox_sensors
from orchestration.defs.ingestion import (
    build_config_assets,
    build_ledger_assets,
    build_system_assets,
    systems,
)
from orchestration.defs.jobs import build_jobs, build_schedules, build_sensors
from orchestration.publish import SCHEMAS
from orchestration.runtime import Runtime


def build_definitions(runtime: Runtime) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors of one deployment."""
    models = build_dbt_assets(runtime)
    jobs = build_jobs(runtime)
    public = sorted(key for key in models.keys if key.path[0] in SCHEMAS)
    return dg.Definitions(
        assets=[
            build_config_assets(runtime),
            build_ledger_assets(runtime),
            *(build_system_assets(runtime, system) for system in systems(runtime)),
            models,
            *build_correction_assets(runtime, public),
            *build_event_assets(runtime),
        ],
        jobs=[*jobs.values(), build_event_job()],
        schedules=build_schedules(runtime),
        sensors=[
            *build_sensors(runtime),
            *build_event_sensors(runtime),
            *build_inbox_sensors(runtime, jobs),
        ],
        resources={"dbt": dbt_resource(runtime)},
    )
