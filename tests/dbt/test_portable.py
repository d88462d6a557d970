"""The dbt project on PostgreSQL: every model builds unchanged and every mart holds the same rows as on DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from config.clock import read_clock
from tests.dbt.twin import copy_raw, differing, duckdb_hashes, marts, postgres_environment, postgres_hashes
from tests.postgres import make_database, postgres_server
from tests.support import Firm, build_dbt, running_firm, sandbox, sync_all

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def database() -> Iterator[sa.URL]:
    with postgres_server() as server:
        yield make_database(server)


def build_both(firm: Firm, database: sa.URL, tmp_path: Path) -> tuple[int, int, dict[str, tuple[int, int]]]:
    """Build on both engines from the same raw rows and the same moment; (tables, rows, what differs)."""
    moment: datetime = read_clock(firm.home.sandbox / "clock.json")
    # the data tests judge the same rows on PostgreSQL, and on DuckDB where the planted truth is judged
    build_dbt(firm, "--exclude-resource-type", "test", clock=moment)
    copy_raw(firm.home.warehouse, database, tmp_path)
    # dbt's target folder belongs to one engine: sharing it would parse the project anew each time.
    postgres = ("--target", "postgres", "--target-path", str(tmp_path / "target"))
    build_dbt(firm, *postgres, clock=moment, unit_tests=not (tmp_path / "target").exists())
    here = duckdb_hashes(firm.home.warehouse)
    there = postgres_hashes(database, marts(firm.home.warehouse))
    return len(here), sum(rows for rows, _ in here.values()), differing(here, there)


def test_every_mart_holds_the_same_rows_before_and_after_a_late_change(
    tmp_path: Path,
    database: sa.URL,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    for name, value in postgres_environment(database).items():
        monkeypatch.setenv(name, value)
    lines = []
    with running_firm(tmp_path) as firm:
        for when in ("first build", "after a late change"):
            sync_all(firm)
            tables, rows, different = build_both(firm, database, tmp_path)
            lines.append(
                f"DuckDB and PostgreSQL, {when}: {tables} marts, {rows} rows, {len(different)} differ"
            )
            assert different == {}
            sandbox("advance", "--days", "3")
        record_property("report", "\n".join(lines))
        assert tables > 60

        changed = (
            "update canonical.fct_time_entry set hours = hours + 0.01 "
            "where time_entry_id = (select min(time_entry_id) from canonical.fct_time_entry)"
        )
        engine = sa.create_engine(database)
        with engine.begin() as connection:
            connection.exec_driver_sql(changed)
        engine.dispose()
        here = duckdb_hashes(firm.home.warehouse)
        assert set(differing(here, postgres_hashes(database, marts(firm.home.warehouse)))) == {
            "canonical.fct_time_entry"
        }, "the comparison does not see a hundredth of an hour"
