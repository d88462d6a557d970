"""Jobs, schedules and sensors. Schedules and sensors run from the moment the deployment is up."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.alerts import alert
from orchestration.defs.ingestion import systems
from orchestration.interrupted import end_interrupted_runs
from orchestration.runtime import Runtime
from orchestration.writeback import Writeback

HOURLY = "0 * * * *"
NIGHTLY = "30 2 * * *"
MONTH_END = "0 5 1-10,25-31 * *"  # from the reminders before the last day to the close
RUNNING_SCHEDULE = dg.DefaultScheduleStatus.RUNNING
RUNNING_SENSOR = dg.DefaultSensorStatus.RUNNING


def build_jobs(runtime: Runtime) -> dict[str, Any]:
    """One sync job per system (partitioned by instance), the reconcile job, and the dispatch job."""
    jobs = {
        f"sync_{system}_job": dg.define_asset_job(
            f"sync_{system}_job",
            selection=dg.AssetSelection.groups(f"raw_{system}"),
            executor_def=dg.in_process_executor,
            description=f"Read one {system} instance and guard what landed.",
        )
        for system in systems(runtime)
    }
    raw = dg.AssetSelection.groups(*(f"raw_{system}" for system in systems(runtime)))
    for name, text in (
        ("reconcile_job", "Build the picture, publish it, verify, propose, dispatch what policy allows."),
        (
            "month_end_close_job",
            "The reconcile job around month end, kept apart so that its runs are the evidence of the close.",
        ),
    ):
        jobs[name] = dg.define_asset_job(
            name,
            selection=dg.AssetSelection.all() - raw,
            executor_def=dg.in_process_executor,
            description=text,
        )
    jobs["dispatch_job"] = dg.define_asset_job(
        "dispatch_job",
        selection=dg.AssetSelection.assets("correction_deliveries"),
        executor_def=dg.in_process_executor,
        description="Write approved corrections to their systems.",
    )
    return jobs


def build_schedules(runtime: Runtime) -> list[dg.ScheduleDefinition]:
    """Hourly sync of every instance, nightly full sync and reconcile, month-end close on the first days."""
    schedules = []
    for system in systems(runtime):
        schedules += [_sync_schedule(runtime, system, full=full) for full in (False, True)]
    schedules += [
        dg.ScheduleDefinition(
            name="hourly_reconcile_schedule",
            description="Reconciles twenty minutes after the hourly reads.",
            job_name="reconcile_job",
            cron_schedule="20 * * * *",
            execution_timezone=runtime.config.firm.time_zone,
            default_status=RUNNING_SCHEDULE,
        ),
        dg.ScheduleDefinition(
            name="nightly_reconcile_schedule",
            description="Reconciles after the nightly full reads.",
            job_name="reconcile_job",
            cron_schedule="30 3 * * *",
            execution_timezone=runtime.config.firm.time_zone,
            default_status=RUNNING_SCHEDULE,
        ),
        dg.ScheduleDefinition(
            name="month_end_close_schedule",
            description="Reconciles on the first five days of a month, apart, as evidence of the close.",
            job_name="month_end_close_job",
            cron_schedule=MONTH_END,
            execution_timezone=runtime.config.firm.time_zone,
            default_status=RUNNING_SCHEDULE,
        ),
    ]
    return schedules


def _sync_schedule(runtime: Runtime, system: str, *, full: bool) -> dg.ScheduleDefinition:
    names = [instance.name for instance in runtime.config.instances if instance.system == system]

    @dg.schedule(
        name=f"{'nightly_full' if full else 'hourly'}_{system}_schedule",
        job_name=f"sync_{system}_job",
        cron_schedule=NIGHTLY if full else HOURLY,
        execution_timezone=runtime.config.firm.time_zone,
        default_status=RUNNING_SCHEDULE,
        description=f"Reads {'everything of' if full else 'what changed in'} every {system} instance.",
    )
    def sync(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        options = {"ops": {f"sync_{system}": {"config": {"full": full}}}}
        for name in names:
            yield dg.RunRequest(
                run_key=f"{name}:{context.scheduled_execution_time.isoformat()}",
                partition_key=name,
                run_config=options,
            )

    return sync


def build_sensors(runtime: Runtime) -> list[dg.SensorDefinition]:
    """Dispatch after approvals; keep the clock of decisions; alert on failed runs; end runs whose process died."""

    @dg.sensor(
        name="approved_corrections_sensor",
        job_name="dispatch_job",
        minimum_interval_seconds=15,
        default_status=RUNNING_SENSOR,
        description="Requests a dispatch when somebody has approved a correction since the last one.",
    )
    def approved_corrections() -> dg.RunRequest | dg.SkipReason:
        waiting = Writeback.open(runtime).waiting()
        if waiting is None:
            return dg.SkipReason("no approved correction is waiting")
        return dg.RunRequest(run_key=f"dispatch:{waiting}")

    @dg.sensor(
        name="decision_clock_sensor",
        minimum_interval_seconds=300,
        default_status=RUNNING_SENSOR,
        description="Escalates corrections that wait too long for a decision, and expires those whose time is over.",
    )
    def decision_clock() -> dg.SkipReason:
        done = Writeback.open(runtime).keep_time()
        return dg.SkipReason(", ".join(f"{count} {what}" for what, count in done.items()))

    @dg.run_failure_sensor(
        name="failure_alert_sensor",
        default_status=RUNNING_SENSOR,
        description="One alert per job, partition and problem to logs/alerts.jsonl; storms are limited.",
    )
    def failure_alert(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        partition = run.tags.get("dagster/partition", "")
        key = f"{run.job_name}:{partition}" if partition else run.job_name
        told = alert(
            runtime.home.logs / "alerts.jsonl",
            key=key,
            text=context.failure_event.message or "the run failed",
            now=runtime.clock(),
        )
        context.log.info(f"{key}: {'alerted' if told else 'already alerted'}")

    @dg.sensor(
        name="interrupted_runs_sensor",
        minimum_interval_seconds=30,
        default_status=RUNNING_SENSOR,
        description="Ends runs whose process was killed, so that their pool seats do not block the next ones.",
    )
    def interrupted_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        ended = end_interrupted_runs(context.instance)
        return dg.SkipReason(f"ended: {', '.join(ended)}" if ended else "every started run is at work")

    return [approved_corrections, decision_clock, failure_alert, interrupted_runs]
