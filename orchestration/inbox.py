"""Vendors' messages as the sensors see them: which instance to read, and which messages a read has answered."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import dagster as dg

from connectors.errors import ConnectorError
from orchestration.runtime import Runtime
from reverse_etl.inbox.answering import answered, waiting
from reverse_etl.inbox.pull import pull, pulled_instances
from reverse_etl.inbox.store import Waiting
from reverse_etl.ledger import open_ledger


def wanted_reads(runtime: Runtime, instance: dg.DagsterInstance) -> list[Waiting]:
    """Instances whose messages no successful read has answered; those that one has are settled on the way."""
    engine = open_ledger(runtime.home.ledger_url)
    for one in waiting(engine):
        done = _last_read(runtime, instance, one.instance)
        if done is not None:
            answered(engine, one.instance, done[0], done[1])
    return waiting(engine)


def pull_feeds(runtime: Runtime) -> dict[str, int]:
    """Fetch every feed; instance -> new messages. Raises the first failure after all were tried."""
    engine = open_ledger(runtime.home.ledger_url)
    fresh: dict[str, int] = {}
    failures: list[ConnectorError] = []
    for one in pulled_instances(runtime.config):
        try:
            fresh[one.name] = pull(engine, one, runtime.home, os.environ, clock=runtime.clock)
        except ConnectorError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return fresh


def _last_read(runtime: Runtime, instance: dg.DagsterInstance, name: str) -> tuple[datetime, str] | None:
    """When the newest successful sync of an instance started, in real time, and its run."""
    wanted = dg.RunsFilter(
        job_name=job_of(runtime, name),
        statuses=[dg.DagsterRunStatus.SUCCESS],
        tags={"dagster/partition": name},
    )
    records = instance.get_run_records(filters=wanted, limit=1)
    if not records or records[0].start_time is None:
        return None
    return datetime.fromtimestamp(records[0].start_time, UTC), records[0].dagster_run.run_id


def job_of(runtime: Runtime, name: str) -> str:
    """The sync job that reads an instance."""
    return f"sync_{runtime.config.instance(name).system}_job"
