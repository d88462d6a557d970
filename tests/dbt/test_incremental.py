"""Any order and batching of arrivals, restatements and deletes leaves the records that a full refresh would.

200 histories are played side by side, each as an instance of its own, so that a few dbt runs serve them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt.twin import copy_raw, postgres_environment
from tests.dbt.warehouse import Warehouse
from tests.postgres import make_database, postgres_server

pytestmark = pytest.mark.slow
HISTORIES = 200
DAYS, LATE, BATCHES = 12, 2, 4
START = datetime(2026, 6, 1, tzinfo=UTC)
# object -> (staging model, its key, raw key, raw column and staging expression of a value that is restated)
OBJECTS: dict[str, tuple[str, str, tuple[str, ...], str, str]] = {
    "raw_kantata.time_entry": (
        "stg_kantata__time_entries", "time_entry_id", ("id",), "time_in_minutes", "time_in_minutes",
    ),
    "raw_kantata.expense": (
        "stg_kantata__expenses", "expense_id", ("id",), "amount_in_cents", "expense_amount * 100",
    ),
    "raw_kantata.workspace_allocation": (
        "stg_kantata__workspace_allocations", "allocation_id", ("id",), "minutes", "minutes",
    ),
    "raw_netsuite.transaction": (
        "stg_netsuite__transactions", "transaction_id", ("id",), "foreigntotal", "gross_amount",
    ),
    "raw_netsuite.transactionline": (
        "stg_netsuite__transaction_lines", "transaction_id || '|' || line_id", ("transaction", "id"), "foreignamount",
        "-line_amount",
    ),
}  # fmt: skip
MODELS = [model for model, *_ in OBJECTS.values()]


@dataclass(frozen=True)
class Event:
    """A load of one record: as it stood at `hour`, landed some hours later; value None: found deleted."""

    hour: int
    late_hours: int
    record: int
    value: int | None

    @property
    def batch(self) -> int:
        """The build that sees it first."""
        return min((self.hour + self.late_hours) * BATCHES // (DAYS * 24), BATCHES - 1)

    @property
    def loaded_at(self) -> datetime:
        """Its load stamp."""
        return START + timedelta(hours=self.hour)


@dataclass
class History:
    """Events of one object of one instance, and what is left of them."""

    instance: str
    table: str
    events: Sequence[Event]
    rows: dict[int, Event] = field(default_factory=dict)
    stones: dict[int, Event] = field(default_factory=dict)

    def arrive(self, batch: int) -> None:
        """Land the events of a batch in any order: the younger load of a record stays."""
        for event in (one for one in self.events if one.batch == batch):
            held = self.rows if event.value is not None else self.stones
            if event.record not in held or held[event.record].hour < event.hour:
                held[event.record] = event

    def alive(self) -> set[tuple[str, str, str, int]]:
        """What a reader must see, by the rule of tombstones written out once more."""
        return {
            (self.table, self.instance, self.key(record), event.value or 0)
            for record, event in self.rows.items()
            if record not in self.stones or self.stones[record].hour < event.hour
        }

    def key(self, record: int) -> str:
        """The record's id, composite where the raw key is."""
        return "|".join([f"R{record}"] * len(OBJECTS[self.table][2]))


events = st.builds(
    Event,
    hour=st.integers(0, DAYS * 24 - 1),
    late_hours=st.integers(0, LATE * 24),
    record=st.integers(1, 3),
    value=st.none() | st.integers(1, 500),
)


def generated() -> list[History]:
    """200 histories from hypothesis; two loads of an instance never carry one stamp, as in ingestion."""
    found: list[History] = []

    @settings(
        max_examples=HISTORIES * 3, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(
        st.sampled_from(sorted(OBJECTS)),
        st.lists(events, min_size=2, max_size=9, unique_by=lambda one: one.hour),
    )
    def collect(table: str, history: list[Event]) -> None:
        if len(history) > 2 or len(found) < HISTORIES // 10:
            found.append(History(f"h{len(found):03}", table, history))

    collect()
    return found[:HISTORIES]


def write(path: Path, histories: Sequence[History]) -> None:
    """The raw tables as ingestion would leave them: merged on their key, tombstones beside."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set timezone = 'UTC'")
        for table in (*OBJECTS, "raw_kantata.tombstone", "raw_netsuite.tombstone"):
            connection.execute(f"delete from {table}")
        for history in histories:
            _write(connection, history)


def _write(connection: duckdb.DuckDBPyConnection, history: History) -> None:
    _, _, keys, column, _ = OBJECTS[history.table]
    schema, name = history.table.split(".")
    for record, event in history.rows.items():
        names = ", ".join(f'"{one}"' for one in ("_instance", "_loaded_at", *keys, column))
        values = [history.instance, event.loaded_at, *[f"R{record}"] * len(keys), event.value]
        connection.execute(
            f"insert into {history.table} ({names}) values ({', '.join('?' * len(values))})", values
        )
    for record, event in history.stones.items():
        connection.execute(
            f"insert into {schema}.tombstone (_instance, _loaded_at, object, record_id) values (?, ?, ?, ?)",
            [history.instance, event.loaded_at, name, history.key(record)],
        )


def query() -> str:
    """Every living record of every model as (table, instance, key, value)."""
    return " union all ".join(
        f"select '{table}', instance, {key}, cast({value} as bigint) from staging.{model}"
        for table, (model, key, _, _, value) in OBJECTS.items()
    )


def differing(found: Sequence[tuple[Any, ...]], histories: Sequence[History]) -> set[str]:
    """Instances whose records are not exactly the living ones."""
    expected = set().union(*(history.alive() for history in histories))
    rows = [tuple(row) for row in found]
    twice = {row[1] for row in rows if rows.count(row) > 1} if len(rows) != len(set(rows)) else set()
    return {row[1] for row in expected ^ set(rows)} | twice


def run(warehouse: Warehouse, *arguments: str) -> None:
    done = warehouse.dbt("run", "--quiet", "--select", *MODELS, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_200_histories_end_as_a_full_refresh_on_duckdb(
    new_warehouse: Callable[[str], Warehouse], record_property: Callable[[str, object], None]
) -> None:
    warehouse = new_warehouse("incremental")
    warehouse.fill({})
    histories = generated()
    assert len(histories) == HISTORIES
    # one load lands later than the window allows: incremental runs leave it out, and that is the limit
    late = History(
        "late", "raw_kantata.time_entry", [Event(1, 0, 1, 5), Event(200, 0, 1, 6), Event(2, 285, 2, 7)]
    )
    everyone = [*histories, late]
    for batch in range(BATCHES):
        for history in everyone:
            history.arrive(batch)
        write(warehouse.path, everyone)
        run(warehouse)
        missed = {"late"} if batch == BATCHES - 1 else set()
        assert differing(warehouse.rows(query()), everyone) == missed, f"after batch {batch}"
    record_property(
        "report", f"Incremental records: {len(histories)} histories in {BATCHES} builds, 0 differ"
    )
    run(warehouse, "--full-refresh")
    assert differing(warehouse.rows(query()), everyone) == set()


def test_the_same_histories_on_postgresql(
    new_warehouse: Callable[[str], Warehouse], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = new_warehouse("incremental_postgresql")
    warehouse.fill({})
    histories = generated()
    with postgres_server() as server:
        url = make_database(server)
        for name, value in postgres_environment(url).items():
            monkeypatch.setenv(name, value)
        engine = sa.create_engine(url)
        for batch in range(BATCHES):
            for history in histories:
                history.arrive(batch)
            write(warehouse.path, histories)
            copy_raw(warehouse.path, url, tmp_path)
            run(warehouse, "--target", "postgres", "--target-path", str(tmp_path / "target"))
            with engine.connect() as connection:
                found = connection.exec_driver_sql(query()).fetchall()
            assert differing([tuple(row) for row in found], histories) == set(), f"after batch {batch}"
        engine.dispose()
