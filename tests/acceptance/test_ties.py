"""`concord ties`: on a sound firm every figure is the same at every stage, and a cent that is planted is seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner, Result

from config import load_config
from orchestration.cli import main
from orchestration.defs.corrections import build_correction_assets
from orchestration.publish import publish
from orchestration.runtime import Runtime
from orchestration.ties import Tie, read_ties
from orchestration.writeback import Writeback
from reverse_etl.models import Filter, State
from reverse_etl.outbox import Outbox
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
    found = [tie for tie in read_ties(firm.home) if tie.name == name]
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


def write_back(firm: Firm) -> dg.ExecuteInProcessResult:
    """Everything after a build, as the reconcile job runs it."""
    assets = build_correction_assets(Runtime.from_environment(), [])
    return dg.materialize(assets, instance=dg.DagsterInstance.ephemeral())


def plant(firm: Firm, cents: str) -> None:
    """Move one posting on the control account of receivables, and build what stands on it."""
    with duckdb.connect(str(firm.home.warehouse)) as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        warehouse.execute(
            f"update raw_netsuite.transactionaccountingline set amount = amount + {cents} where rowid = ("
            "select min(l.rowid) from raw_netsuite.transactionaccountingline l join raw_netsuite.account a "
            "on a.id = l.account join raw_netsuite.transaction t on t.id = l.transaction "
            "where a.accttype = 'AcctRec' and t.subsidiary = '3' and l.accountingbook = '1' and l.posting)"
        )
    build_dbt(
        firm, *_PLAIN, "--select", "stg_netsuite__accounting_lines fct_journal_line rec_x03_books rec_x03_tie "
        "rec_x03_hold rec_x03_control_totals fct_findings",
    )  # fmt: skip


def approve_one(ledger: Outbox, check: str) -> str:
    """Approve the first waiting correction of the check as whoever may."""
    for item in ledger.list(Filter(states=(State.PROPOSED,), check_id=check)):
        for person in load_config().people.people:
            if ledger.why_not(item.correction_id, person.id, person.roles) is None:
                after = ledger.approve(item.correction_id, person.id, person.roles, "as asked")
                if after.state is State.APPROVED:
                    return item.correction_id
    raise AssertionError(f"nobody could approve a correction of {check}")


def test_a_planted_cent_is_seen_and_stops_what_reads_the_books_until_it_ties(firm: Firm) -> None:
    """X03: the last good copy stays, checks of the ERP wait and say why, the others go on; it lifts by itself."""
    assert write_back(firm).success
    ledger = Writeback.open(Runtime.from_environment()).outbox
    held, free = approve_one(ledger, "B01"), approve_one(ledger, "C01")
    waiting = ledger.list(Filter(states=(State.PROPOSED,), check_id="B01"))[0].correction_id
    good = firm.home.published.resolve()

    plant(firm, "0.01")
    told = ties()
    assert told.exit_code == 1
    broken = [tie for tie in read_ties(firm.home) if tie.difference]
    assert [(tie.subject, tie.name, tie.difference) for tie in broken] == [
        ("MCG-UK", "receivables in books", Decimal("-0.01"))
    ]
    with duckdb.connect(str(firm.home.warehouse), read_only=True) as build:
        found = build.execute(
            "select severity, legal_entity_id, explanation from reconciliation.fct_findings "
            "where check_id = 'X03' and matching_key like 'control:%'"
        ).fetchall()
    assert [(severity, entity) for severity, entity, _ in found] == [("S1", "MCG-UK")]
    assert "receivables in books" in found[0][2]

    run = write_back(firm)
    (verdict,) = [one for one in run.get_asset_check_evaluations() if one.check_name == "control_totals_tie"]
    assert not verdict.passed
    assert "MCG-UK" in str(verdict.metadata["broken"].value)
    assert "does not tie" in str(verdict.metadata["broken"].value)
    assert firm.home.published.resolve() == good, "figures that do not tie were published"
    assert "nothing is published" in (firm.home.logs / "alerts.jsonl").read_text()
    assert ledger.show(held).correction.state is State.APPROVED
    assert ledger.show(free).correction.state is State.DELIVERED
    refusal = ledger.why_not(waiting, "carla", ["controller"])
    assert refusal is not None
    assert "check B01 waits: MCG-UK" in refusal.reason

    plant(firm, "-0.01")
    run = write_back(firm)
    assert [e.passed for e in run.get_asset_check_evaluations()] == [True, True]
    assert firm.home.published.resolve() != good
    assert ledger.show(held).correction.state is State.DELIVERED
    assert ties().exit_code == 0


def test_nothing_built_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    told = ties()
    assert told.exit_code == 1
    assert "make run" in told.output
