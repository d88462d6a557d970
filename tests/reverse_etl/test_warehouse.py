"""The published copy as verification and proposal see it."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest

from reverse_etl.errors import PublishedCopyError
from reverse_etl.warehouse import Published
from tests.reverse_etl.factories import charge_row

LATER = datetime(2026, 7, 1, 9, tzinfo=UTC)


@pytest.fixture
def ledger_url(tmp_path):
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def copy(tmp_path):
    path = tmp_path / "current.duckdb"
    row = {**charge_row(), "source_loaded_at": datetime(2026, 6, 30, 18)}  # noqa: DTZ001 - as DuckDB gives it
    row["amount_at_risk"] = row["amount_at_risk_rc"] = "42000.0000"
    columns = ", ".join(
        f"{name} {'timestamp' if name == 'source_loaded_at' else 'decimal(18,4)' if 'amount' in name else 'text'}"
        for name in row
    )
    with duckdb.connect(str(path)) as connection:
        for schema in ("sync", "reconciliation", "leadership"):
            connection.execute(f"create schema {schema}")
        connection.execute(f"create table sync.sync_netsuite__charge ({columns})")
        marks = ", ".join("?" for _ in row)
        connection.execute(f"insert into sync.sync_netsuite__charge values ({marks})", list(row.values()))
        connection.execute("create table reconciliation.fct_findings as select 'f-501' as finding_id")
        connection.execute(
            "create table reconciliation.fct_check_run as select 'B01' as check_id, true as is_evaluated, "
            "null as reason, timestamptz '2026-07-01 09:00:00+00' as detected_as_of"
        )
        connection.execute(
            "create table leadership.rpt_data_freshness as select 'netsuite_group' as instance, "
            "'charge' as object, timestamptz '2026-07-01 09:00:00+00' as last_success_at"
        )
    return Published(path)


def test_sync_rows_become_a_correction(copy, outbox):
    new = outbox.propose(copy.proposals()).proposed[0]
    item = outbox.show(new).correction
    assert str(item.amount_at_risk_rc) in ("42000.0000", "42000")
    assert item.source_loaded_at == datetime(2026, 6, 30, 18, tzinfo=UTC)


def test_the_state_of_one_copy(copy):
    state = copy.state()
    assert state.finding_ids == {"f-501"}
    assert state.check_runs["B01"].is_evaluated
    assert state.read_of("netsuite_group", "charge") == LATER
    assert state.read_of("netsuite_group", "customer") == LATER
    assert state.read_of("kantata_group", "workspace") is None


def test_the_runs_of_ingestion_are_the_better_witness_when_published(copy):
    with duckdb.connect(str(copy.path)) as connection:
        connection.execute("create schema raw_landing")
        connection.execute(
            "create table raw_landing.sync_run as select 'netsuite_group' as _instance, 'ok' as status, "
            "timestamptz '2026-07-02 00:00:00+00' as started_at, null::timestamptz as complete_until"
        )
    assert copy.state().read_of("netsuite_group", "charge") == datetime(2026, 7, 2, tzinfo=UTC)


def test_a_missing_copy_or_table_says_what_to_do(tmp_path, copy):
    with pytest.raises(PublishedCopyError, match="make run"):
        Published(tmp_path / "none.duckdb").proposals()
    with pytest.raises(PublishedCopyError, match="publish again"):
        copy.evidence(["f-501"])
