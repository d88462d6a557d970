"""Runs the suites of one instance on what a run landed, keeps the outcomes and publishes Data Docs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

from config.clock import Clock
from config.clock import now as system_clock
from config.paths import Home
from config.schema import Config
from ingestion.convert import to_json
from ingestion.expectations.docs import finish, shows_failure
from ingestion.expectations.guards import NEVER_EMPTY, guards_for
from ingestion.expectations.outcome import ExpectationOutcome, Guard, Verdict
from ingestion.registry import system as registered_system
from ingestion.runner import bound_tables
from ingestion.tables import Table
from ingestion.warehouse import open_warehouse, warehouse_lock

if TYPE_CHECKING:
    import pandas as pd

    from ingestion.expectations.engine import Engine


def validate_instance(
    cfg: Config,
    instance_name: str,
    home: Home,
    run_id: str,
    *,
    tables: Mapping[str, Table] | None = None,
    clock: Clock = system_clock,
    docs: bool = True,
) -> list[ExpectationOutcome]:
    """Evaluate every guard on the rows of that run; results also go to `raw_landing.expectation_result`.

    Data Docs are written anew when `docs`, when a guard fails or has failed the last time, or when there are none:
    rendering a page that says the same again costs more than the guards. Raises ExpectationSetupError when the run
    is unknown. Deciding what a failure stops is the caller's.
    """
    instance = cfg.instance(instance_name)
    declared = bound_tables(instance, tables or registered_system(instance.system).tables)
    guards = guards_for(instance.system, declared, cfg.check_file.rules.max_source_age_hours)
    evaluated_at = clock()
    with warehouse_lock(home), open_warehouse(home) as connection:
        frames = _frames(connection, instance.system, instance_name, run_id, declared, guards, evaluated_at)

    from ingestion.expectations.engine import Engine  # Great Expectations takes 3 s to import

    pages = home.data_docs / instance_name
    engine = Engine(pages)
    outcomes = [
        ExpectationOutcome(
            instance=instance_name,
            system=instance.system,
            object=object,
            suite=suite,
            run_id=run_id,
            evaluated_at=evaluated_at,
            expectation=verdict.expectation,
            success=verdict.success,
            severity=verdict.severity,
            observed=verdict.observed,
            failing_keys=verdict.failing_keys,
        )
        for suite, object, verdict in _verdicts(engine, instance.system, guards, frames, declared)
    ]
    with warehouse_lock(home), open_warehouse(home) as connection:
        _keep(connection, run_id, instance_name, outcomes)
    has_failed = any(not outcome.success for outcome in outcomes)
    if docs or has_failed or shows_failure(pages) or not (pages / "index.html").exists():
        engine.publish()
        finish(pages, outcomes)
    return outcomes


def _verdicts(
    engine: Engine,
    system: str,
    guards: list[Guard],
    frames: Mapping[tuple[str, str], pd.DataFrame],
    tables: Mapping[str, Table],
) -> Iterator[tuple[str, str, Verdict]]:
    """(suite, raw table, verdict) of every guard that has enough rows to speak."""
    for (object, frame), mine in _grouped(guards).items():
        data = frames[(object, frame)]
        usable = [guard for guard in mine if len(data) >= guard.minimum_rows]
        if frame == "rows":
            suite = f"{system}.{object}"
            for verdict in engine.run(suite, usable, data, tables[object].key):
                yield suite, object, verdict
        else:
            suite = f"{system}.figures"
            for verdict in engine.run(suite, usable, data, ("object",)):
                for table, single in _per_table(verdict, data):
                    yield suite, table, single


def _frames(
    connection: duckdb.DuckDBPyConnection,
    system: str,
    instance: str,
    run_id: str,
    tables: Mapping[str, Table],
    guards: list[Guard],
    now: datetime,
) -> dict[tuple[str, str], pd.DataFrame]:
    from ingestion.expectations.frames import Landing  # pandas

    landing = Landing(connection, system, instance, run_id, now)
    frames = {}
    for (object, frame), mine in _grouped(guards).items():
        if frame == "figures":
            frames[(object, frame)] = landing.figures(tables.values(), NEVER_EMPTY.get(system, ()))
        else:
            columns = [name for guard in mine for name in guard.columns]
            frames[(object, frame)] = landing.rows(tables[object], columns)
    return frames


def _per_table(verdict: Verdict, figures: pd.DataFrame) -> Iterator[tuple[str, Verdict]]:
    """One verdict on all tables as one per table; a table without that figure has none."""
    column = verdict.columns[0]
    for row in figures[figures[column].notna()].to_dict("records"):
        success = verdict.success or (row["object"] not in verdict.failing_keys and verdict.evaluated)
        observed = f"{row[column]:g}" if verdict.evaluated else verdict.observed
        yield row["object"], replace(verdict, success=success, observed=observed, failing_keys=[])


def _grouped(guards: list[Guard]) -> dict[tuple[str, str], list[Guard]]:
    groups: dict[tuple[str, str], list[Guard]] = {}
    for guard in guards:
        groups.setdefault((guard.object, guard.frame), []).append(guard)
    return groups


def _keep(
    connection: duckdb.DuckDBPyConnection, run_id: str, instance: str, outcomes: list[ExpectationOutcome]
) -> None:
    connection.execute("begin")
    connection.execute(
        "delete from raw_landing.expectation_result where run_id = ? and _instance = ?", [run_id, instance]
    )
    rows = [
        (
            outcome.instance,
            outcome.system,
            outcome.object,
            outcome.suite,
            outcome.expectation,
            outcome.success,
            outcome.severity,
            outcome.observed,
            to_json(outcome.failing_keys),
            outcome.run_id,
            outcome.evaluated_at,
        )
        for outcome in outcomes
    ]
    if rows:
        connection.executemany(
            "insert into raw_landing.expectation_result values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
    connection.execute("commit")
