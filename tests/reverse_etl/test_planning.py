"""The dry run on three served vendors: it tells agree, change, conflict and refusal, and writes nothing at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from config.paths import REPOSITORY
from reverse_etl import planning, switches
from reverse_etl.cli import corrections
from reverse_etl.destinations import LazyDestinations
from reverse_etl.errors import UnknownCorrectionError
from reverse_etl.outbox import Outbox
from sandbox.simulators.salesforce import make_id
from sandbox.simulators.store import Store
from tests.kantata.conftest import TOKEN, Clock, Tenant, start_tenant
from tests.kantata.estate import instance_at
from tests.kantata.firm import firm_rows
from tests.netsuite.account import Account, OpenAccount
from tests.netsuite.conftest import open_account  # noqa: F401 - a fixture
from tests.reverse_etl.factories import (
    CRM,
    ERP,
    PSA,
    START,
    allocation_row,
    charge_row,
    make_governance,
    project_rows,
    sync_row,
)
from tests.reverse_etl.fakes import TickingClock
from tests.salesforce.org import OrgUnderTest, start_org

READS = ("GET", "HEAD", "OPTIONS")
QUESTIONS = ("/token", "/suiteql", "/oauth")
"""Paths of calls that are posts and change nothing: sign-in, and NetSuite's queries."""


@dataclass
class Vendors:
    """Three vendors as a deployment sees them."""

    crm: OrgUnderTest
    erp: Account
    psa: Tenant
    destinations: LazyDestinations

    def writes(self) -> list[tuple[str, str]]:
        """Every call that could have changed something at a vendor."""
        calls = [*self.crm.admin("GET", "/calls"), *self.erp.faults.calls, *self.psa.faults.calls]
        return [
            (call["method"], call["path"])
            for call in calls
            if call["method"] not in READS and not any(part in call["path"] for part in QUESTIONS)
        ]

    def rows(self) -> str:
        """A hash over every row of every table of the three."""
        return _hash([_rows(store) for store in (self.crm.store, self.erp.store, self.psa.store)])


def _rows(store: Store) -> dict[str, Any]:
    return {name: store.query(f'select * from "{name}"') for name in store.tables}


def _hash(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()


@pytest.fixture
def vendors(tmp_path: Path, open_account: OpenAccount) -> Iterator[Vendors]:  # noqa: F811 - the fixture
    (tmp_path / "psa").mkdir()
    clock = Clock()
    psa, server = start_tenant(tmp_path / "psa", clock, firm_rows())
    erp, crm = open_account(), start_org(tmp_path)
    instances = [crm.instance(name=CRM), erp.instance(name=ERP), instance_at(psa.url, name=PSA)]
    environ = {**crm.environ, **erp.environ, "CONCORD_TEST_TOKEN": TOKEN}
    yield Vendors(
        crm, erp, psa,
        LazyDestinations(instances, environ=environ, budget_dir=tmp_path / "budget", clock=clock),
    )  # fmt: skip
    server.stop()
    crm.server.stop()


def table_hashes(engine: sa.Engine) -> dict[str, str]:
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: _hash([list(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"')])
            for name in names
        }


ACCOUNT = make_id("Account", 1)
ROWS = [
    # the vendor holds what the approver saw, already holds the new value, or holds neither
    charge_row("600"),
    charge_row("602"),
    charge_row("601"),
    allocation_row("701", expected_value="2026-09-30"),
    sync_row(check_id="C03", target_object="account", field="legal_name", value_type="text", target_record_id=ACCOUNT,
             expected_value=None, new_value="Customer One Ltd", amount_at_risk_rc=None),
    *project_rows(),
    charge_row("699"),
]  # fmt: skip


@pytest.fixture
def outbox(engine: sa.Engine) -> Outbox:
    made = Outbox(engine, make_governance(), TickingClock(START))
    report = made.propose(ROWS)
    assert not report.malformed
    assert not report.forbidden
    return made


def planned(outbox: Outbox, vendors: Vendors) -> dict[str, planning.Planned]:
    ids = [item.correction_id for item in outbox.list()]
    found = planning.plan(outbox, vendors.destinations, ids)
    assert [one.correction.correction_id for one in found] == ids
    return {one.correction.record_key: one for one in found}


def test_every_field_is_held_against_the_live_value(outbox: Outbox, vendors: Vendors) -> None:
    before, ledger = vendors.rows(), table_hashes(outbox.engine)
    found = planned(outbox, vendors)
    statuses = {key: one.status for key, one in found.items()}
    assert statuses == {
        "600": "would change", "602": "agree", "601": "conflict", "699": "unreadable", ACCOUNT: "would change",
        "701": "would change", "new:C01|kantata_group|006A": "would change",
    }  # fmt: skip
    (field,) = found["601"].fields
    assert (field.seen, field.live, field.new, field.status) == ("HOLD", "PROCESSED", "READY", "conflict")
    assert "changed since it was proposed: stage" in str(found["601"].reason)
    assert "699" in str(found["699"].reason)
    assert vendors.writes() == []
    assert vendors.rows() == before
    assert table_hashes(outbox.engine) == ledger


def test_a_plan_that_could_write_would_be_caught(outbox: Outbox, vendors: Vendors) -> None:
    """The proof above is worth something: a write changes what it compares."""
    before = vendors.rows()
    vendors.psa.api("PUT", "workspace_allocations/701", json={"workspace_allocation": {"notes": "x"}})
    assert vendors.writes()
    vendors.erp.store.upsert("charge", "600", {"stage": "READY"})
    assert vendors.rows() != before
    ledger = table_hashes(outbox.engine)
    outbox.approve(outbox.list()[0].correction_id, "carla", ["controller"])
    assert table_hashes(outbox.engine) != ledger


def test_what_policy_or_law_refuses_is_told_with_its_reason(outbox: Outbox, vendors: Vendors) -> None:
    ids = {item.record_key: item.correction_id for item in outbox.list()}
    outbox.reject(ids["602"], "carla", ["controller"], "no")
    switches.kill(outbox, "C03", "carla", ["controller"], "look first")
    with outbox.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE correction SET evidence = '[{\"is_period_closed\": true}]' WHERE record_key = '600'"
            )
        )
    narrower = Outbox(outbox.engine, make_governance(rules=[]), TickingClock(START))
    found = planned(outbox, vendors)
    assert {found[key].status for key in ("600", "602", ACCOUNT)} == {"refused"}
    assert "closed period (never_auto)" in str(found["600"].reason)
    assert [field.live for field in found["600"].fields] == ["HOLD"]
    assert "kill_switch" in str(found[ACCOUNT].reason)
    assert "rejected" in str(found["602"].reason)
    assert {one.status for one in planned(narrower, vendors).values()} == {"refused"}


def test_an_instance_without_credentials_does_not_stop_the_others(outbox: Outbox, vendors: Vendors) -> None:
    vendors.destinations._environ = {  # type: ignore[assignment]
        name: value for name, value in vendors.destinations._environ.items() if name != "CONCORD_TEST_TOKEN"
    }
    found = planned(outbox, vendors)
    assert found["701"].status == "unreadable"
    assert "CONCORD_TEST_TOKEN" in str(found["701"].reason)
    assert TOKEN not in str(found["701"].reason)
    assert found["600"].status == "would change"


def test_an_unknown_id_is_refused(outbox: Outbox, vendors: Vendors) -> None:
    with pytest.raises(UnknownCorrectionError):
        planning.plan(outbox, vendors.destinations, ["c0"])


@pytest.fixture
def run(vendors: Vendors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger_url: str) -> Any:
    """The command in a deployment whose estate is the served PSA."""
    folder = tmp_path / "config"
    shutil.copytree(REPOSITORY / "config", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    estate = (folder / "estate.yml").read_text().replace("http://127.0.0.1:18103", vendors.psa.url)
    (folder / "estate.yml").write_text(estate)
    for name, value in {
        "CONCORD_CONFIG_DIR": str(folder), "CONCORD_HOME": str(tmp_path / "home"),
        "CONCORD_LEDGER_URL": ledger_url, "CONCORD_KANTATA_GROUP_TOKEN": TOKEN,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(corrections, ["plan", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_the_command_prints_before_and_after_and_the_evidence(
    outbox: Outbox, vendors: Vendors, run: Any
) -> None:
    new = next(item.correction_id for item in outbox.list() if item.target_record_id == "701")
    before, ledger = vendors.rows(), table_hashes(outbox.engine)
    text = run(new)
    assert "end_date: 2026-09-30 -> 2026-06-15  would change" in text
    assert '"invoice": "INV-1"' in text
    assert "1 planned: 1" in text
    assert "Nothing was written." in text
    (line,) = run(new, "--json").splitlines()
    facts = json.loads(line)
    assert (facts["id"], facts["fields"][0]["live"], facts["evidence"]) == (
        new, "2026-09-30", [{"invoice": "INV-1"}],
    )  # fmt: skip
    every = [json.loads(line) for line in run("--json").splitlines()]
    assert len(every) == len(outbox.list())
    assert {one["check"] for one in map(json.loads, run("--check", "B01", "--json").splitlines())} == {"B01"}
    assert vendors.writes() == []
    assert (vendors.rows(), table_hashes(outbox.engine)) == (before, ledger)
