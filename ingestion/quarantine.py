"""Refused rows: look at them, land them again under today's rules, or let them go."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import orjson

from config.clock import Clock
from config.paths import Home
from config.schema import Config
from ingestion import registry
from ingestion.collect import Collector
from ingestion.known import known_cursors
from ingestion.pipeline import InstancePipeline, LoadTable
from ingestion.runner import after, bound_tables, only_run, recover
from ingestion.tables import Table
from ingestion.warehouse import open_warehouse, warehouse_lock


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One refused row."""

    quarantine_id: str
    instance: str
    object: str
    record_id: str
    field: str
    reason: str
    rule: str
    payload: str
    quarantined_at: datetime
    state: str


@dataclass(kw_only=True)
class ReplayReport:
    """What became of replayed entries (quarantine ids)."""

    landed: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)  # a newer version is already there; dropped
    refused: dict[str, str] = field(default_factory=dict)  # id -> why it is still refused


def entries(home: Home, *, instance: str | None = None, state: str = "open") -> list[Entry]:
    """Refused rows in that state, oldest first."""
    condition, parameters = ("and _instance = ?", [instance]) if instance else ("", [])
    with warehouse_lock(home), open_warehouse(home) as connection:
        rows = connection.execute(
            "select quarantine_id, _instance, object, record_id, field, reason, rule, payload, "  # noqa: S608
            f"quarantined_at, state from raw_landing.quarantine where state = ? {condition} "
            "order by quarantined_at, quarantine_id",
            [state, *parameters],
        ).fetchall()
    names = list(Entry.__dataclass_fields__)
    return [Entry(**dict(zip(names, row, strict=True))) for row in rows]


def drop(home: Home, ids: Sequence[str]) -> int:
    """Let these entries go without landing them; returns how many were open."""
    with warehouse_lock(home), open_warehouse(home) as connection:
        return _set_state(connection, ids, "dropped")


def replay(
    cfg: Config,
    home: Home,
    instance_name: str,
    *,
    clock: Clock,
    ids: Sequence[str] | None = None,
    systems: Callable[[str], registry.System] = registry.system,
) -> ReplayReport:
    """Land open entries of one instance (all, or those ids) under the rules as they are now.

    An entry still refused stays open. One whose record has a newer version in the warehouse is dropped.
    Raises LookupError for an id that is not open, BusyError while a sync of the instance runs.
    """
    instance = cfg.instance(instance_name)
    chosen = _chosen(entries(home, instance=instance_name), ids, instance_name)
    report = ReplayReport()
    if not chosen:
        return report
    with only_run(home, instance_name):
        pipeline = InstancePipeline(home, instance.name, instance.system)
        recover(home, pipeline)
        tables = bound_tables(instance, systems(instance.system).tables)
        state = copy.deepcopy(pipeline.state())
        loaded_at = after(clock(), state.get("loaded_at"))
        state["loaded_at"] = loaded_at.isoformat()
        package = []
        for name in dict.fromkeys(entry.object for entry in chosen):
            mine = [entry for entry in chosen if entry.object == name]
            package += _judge(home, pipeline, tables[name], mine, loaded_at, report)
        _load(home, pipeline, package, state, report)
    return report


def _chosen(found: list[Entry], ids: Sequence[str] | None, instance: str) -> list[Entry]:
    if ids is None:
        return found
    unknown = sorted(set(ids) - {entry.quarantine_id for entry in found})
    if unknown:
        raise LookupError(f"{instance}: no open quarantine entry {unknown[0]}; list them first")
    return [entry for entry in found if entry.quarantine_id in set(ids)]


def _judge(
    home: Home,
    pipeline: InstancePipeline,
    table: Table,
    found: list[Entry],
    loaded_at: datetime,
    report: ReplayReport,
) -> list[LoadTable]:
    with warehouse_lock(home), open_warehouse(home) as connection:
        known = known_cursors(connection, pipeline.dataset, table, pipeline.instance, None)
        read_since = _loaded_later(connection, pipeline, table, found) if table.cursor is None else set()
    collector = Collector(table, pipeline.instance, loaded_at, known)
    for entry in found:
        if entry.quarantine_id in read_since:
            report.superseded.append(entry.quarantine_id)
            continue
        stale, refused = collector.rows_stale, len(collector.quarantined)
        collector.add([orjson.loads(entry.payload)])
        if collector.rows_stale > stale:
            report.superseded.append(entry.quarantine_id)
        elif len(collector.quarantined) > refused:
            report.refused[entry.quarantine_id] = collector.quarantined[-1].reason
        else:
            report.landed.append(entry.quarantine_id)
    arrow, _ = collector.take()
    if not arrow.num_rows:
        return []
    return [LoadTable(name=table.name, key=("_instance", *table.key), arrow=arrow)]


def _loaded_later(
    connection: duckdb.DuckDBPyConnection, pipeline: InstancePipeline, table: Table, found: list[Entry]
) -> set[str]:
    """Entries whose record was landed by a later run; without a cursor the load time decides."""
    record = "concat_ws('|', " + ", ".join(f'"{name}"' for name in table.key) + ")"
    rows = connection.execute(
        f'select {record}, _loaded_at from "{pipeline.dataset}"."{table.name}" '  # noqa: S608
        f"where _instance = ? and {record} in (select unnest(?))",
        [pipeline.instance, [entry.record_id for entry in found]],
    ).fetchall()
    latest: dict[str, Any] = dict(rows)
    return {
        entry.quarantine_id
        for entry in found
        if entry.record_id in latest and latest[entry.record_id] > entry.quarantined_at
    }


def _load(
    home: Home,
    pipeline: InstancePipeline,
    package: list[LoadTable],
    state: dict[str, Any],
    report: ReplayReport,
) -> None:
    if package:
        pipeline.prepare(package, state)
    with warehouse_lock(home):
        if package:
            pipeline.load()
        with open_warehouse(home) as connection:
            _set_state(connection, report.landed, "replayed")
            _set_state(connection, report.superseded, "dropped")
            for entry, reason in report.refused.items():
                connection.execute(
                    "update raw_landing.quarantine set reason = ? where quarantine_id = ?", [reason, entry]
                )


def _set_state(connection: duckdb.DuckDBPyConnection, ids: Sequence[str], state: str) -> int:
    changed = connection.execute(
        "update raw_landing.quarantine set state = ? where state = 'open' and quarantine_id in "
        "(select unnest(?::text[])) returning quarantine_id",
        [state, list(ids)],
    ).fetchall()
    return len(changed)
