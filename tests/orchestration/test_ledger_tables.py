"""Decisions of the ledger seen from SQL: typed, replaced as a whole, and empty where nothing was ever decided."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from config.paths import Home
from orchestration.ledger_tables import ledger_table_names, load_ledger_tables
from reverse_etl import waivers
from reverse_etl.errors import LedgerError
from reverse_etl.ledger import open_ledger
from reverse_etl.outbox import Outbox
from tests.dbt.warehouse import source_tables
from tests.reverse_etl.factories import START, charge_row, make_governance
from tests.reverse_etl.fakes import TickingClock

NAMES = {
    "string": "VARCHAR",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("CONCORD_LEDGER_URL", raising=False)
    return Home(tmp_path)


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection


def propose(home: Home) -> tuple[Outbox, str]:
    outbox = Outbox(open_ledger(home.ledger_url), make_governance(), TickingClock(START))
    return outbox, outbox.propose([charge_row()]).proposed[0]


def test_without_a_ledger_the_tables_are_there_and_empty_and_none_is_made(home, warehouse):
    assert load_ledger_tables(home, warehouse) == dict.fromkeys(ledger_table_names(), 0)
    assert not (home.root / "ledger.db").exists()
    for name in ledger_table_names():
        assert warehouse.execute(f"select count(*) from raw_ledger.{name}").fetchall() == [(0,)]


def test_columns_and_types_are_those_the_dbt_sources_declare(home, warehouse):
    load_ledger_tables(home, warehouse)
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in warehouse.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'raw_ledger'"
    ).fetchall():
        found.setdefault(f"raw_ledger.{table}", {})[column] = kind
    declared = {
        name: {column: NAMES.get(kind, kind.upper()) for column, kind in columns.items()}
        for name, columns in source_tables().items()
        if name.startswith("raw_ledger.")
    }
    assert found == declared


def test_states_and_waivers_are_seen_as_they_stand_now(home, warehouse):
    outbox, correction = propose(home)
    load_ledger_tables(home, warehouse)
    seen = "select correction_id, state, amount_at_risk_rc, proposed_at from raw_ledger.correction"
    amount = outbox.show(correction).correction.amount_at_risk_rc
    assert isinstance(amount, Decimal)
    assert warehouse.execute(seen).fetchall() == [(correction, "proposed", amount, START)]
    assert warehouse.execute(
        "select count(*) from raw_ledger.correction_change where finding_id is not null"
    ).fetchall() != [(0,)]

    waivers.waive(outbox, correction, "carla", ["controller"], "agreed", START + timedelta(days=10))
    assert load_ledger_tables(home, warehouse)["waiver"] == 1
    assert warehouse.execute("select state, state_class from raw_ledger.correction").fetchall() == [
        ("rejected", "waived")
    ]
    assert warehouse.execute(
        "select correction_id, actor, reason, granted_at, expires_at, ended_at from raw_ledger.waiver"
    ).fetchall() == [(correction, "carla", "agreed", START, START + timedelta(days=10), None)]
    outbox.engine.dispose()


def test_a_ledger_that_cannot_be_read_is_no_empty_ledger(home, warehouse):
    outbox, _ = propose(home)
    load_ledger_tables(home, warehouse)
    with outbox.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    outbox.engine.dispose()
    with pytest.raises(LedgerError, match="version of Concord"):
        load_ledger_tables(home, warehouse)
    assert warehouse.execute("select count(*) from raw_ledger.correction").fetchall() == [(1,)]
