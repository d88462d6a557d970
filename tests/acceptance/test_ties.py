"""`concord ties`: on a sound firm every figure is the same at every stage, and a cent that is planted is seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from orchestration.cli import main
from orchestration.publish import publish
from orchestration.ties import Tie, read_ties
from sandbox.firm.group import KANTATA, NETSUITE
from tests.support import Firm, build_dbt, running_firm, sync_all

pytestmark = pytest.mark.slow
_PLAIN = ("--exclude-resource-type", "test")


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    with running_firm(tmp_path_factory.mktemp("ties")) as running:
        sync_all(running)
        build_dbt(running, *_PLAIN)
        publish(running.home)
        yield running


def ties() -> Result:
    return CliRunner().invoke(main, ["ties"])


def named(firm: Firm, name: str, **more: str) -> list[Tie]:
    found = [tie for tie in read_ties(firm.home.published) if tie.name == name]
    return [tie for tie in found if all(getattr(tie, key) == value for key, value in more.items())]


def test_everything_ties_and_the_simulators_own_count_agrees(firm: Firm) -> None:
    told = ties()
    assert told.exit_code == 0, told.output
    assert "0 broken" in told.output
    for entity in ("MCG-US", "MCG-UK", "MCG-DE", "MCG-JP"):
        assert f"\n{entity}\n" in told.output

    with sqlite3.connect(firm.home.sandbox / f"{KANTATA}.db") as psa:
        entries, minutes = psa.execute("select count(*), sum(time_in_minutes) from time_entries").fetchone()
        (billable,) = psa.execute(
            "select sum(time_in_minutes) from time_entries where billable and approved"
        ).fetchone()
    (rows,), (total,) = named(firm, "time_entry rows"), named(firm, "time_entry time_in_minutes")
    assert (rows.from_amount, total.from_amount) == (entries, minutes)
    assert sum(tie.to_amount for tie in named(firm, "approved billable minutes")) == billable

    with sqlite3.connect(firm.home.sandbox / f"{NETSUITE}.db") as erp:
        open_amounts = erp.execute(
            "select foreignamountunpaid from \"transaction\" where type = 'CustInvc' and status in ('A', 'B')"
        ).fetchall()
    (unapplied,) = (
        duckdb.connect(str(firm.home.published.resolve()), read_only=True)
        .execute(
            "select coalesce(sum(amount), 0) - (select coalesce(sum(amount), 0) from canonical.fct_payment_application "
            "where application_type = 'payment') from canonical.fct_payment"
        )
        .fetchone()
    )
    receivables = sum(tie.to_amount for tie in named(firm, "receivables"))
    assert receivables == sum(Decimal(amount) for (amount,) in open_amounts) - unapplied
    assert receivables > 0


def test_a_planted_cent_is_seen(firm: Firm) -> None:
    """A cent in the ledger, a hundredth of an hour in a mart: named with entity and amount, exit code 1."""
    with duckdb.connect(str(firm.home.warehouse)) as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        warehouse.execute(
            "update raw_netsuite.transactionaccountingline set amount = amount + 0.01 where rowid = ("
            "select min(l.rowid) from raw_netsuite.transactionaccountingline l join raw_netsuite.account a "
            "on a.id = l.account join raw_netsuite.transaction t on t.id = l.transaction "
            "where a.accttype = 'AcctRec' and t.subsidiary = '3' and l.accountingbook = '1' and l.posting)"
        )
    build_dbt(firm, *_PLAIN, "--select", "stg_netsuite__accounting_lines+")
    publish(firm.home)
    told = ties()
    assert told.exit_code == 1
    broken = [tie for tie in read_ties(firm.home.published) if tie.difference]
    assert [(tie.subject, tie.name, tie.difference) for tie in broken] == [
        ("MCG-UK", "receivables in books", Decimal("-0.01"))
    ]
    with duckdb.connect(str(firm.home.published.resolve()), read_only=True) as copy:
        found = copy.execute(
            "select severity, legal_entity_id, explanation from reconciliation.fct_findings "
            "where check_id = 'X03' and matching_key like 'control:%'"
        ).fetchall()
    assert [(severity, entity) for severity, entity, _ in found] == [("S1", "MCG-UK")]
    assert "receivables in books" in found[0][2]


def test_nothing_published_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    told = ties()
    assert told.exit_code == 1
    assert "make run" in told.output
