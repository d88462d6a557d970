"""The three sagas of config/sagas.yml on a served firm: from trigger to verified end, and back when it is refused.

The firm is read and built once. Every test has a deal, a change request or a project of its own, approves as the
people of config/people.yml, writes over HTTP, and looks at what the vendors hold afterwards.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.publish import publish
from orchestration.runtime import Runtime
from orchestration.writeback import Writeback
from reverse_etl.audit import events, verify_chain
from reverse_etl.ledger import reading
from reverse_etl.models import Filter, State
from reverse_etl.saga_store import get
from reverse_etl.sagas import Saga, SagaState
from reverse_etl.setup import open_published
from tests.support import Firm, build_dbt, running_firm, sync_all

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("sagas")]
CRM, ERP, PSA = "salesforce_group", "netsuite_group", "kantata_group"
STARTER = ["--actor", "omar.delivery"]
_ENDS = (SagaState.COMPLETED, SagaState.COMPENSATED, SagaState.STUCK)


@dataclass
class Stage:
    """A firm in the middle of its life, and the loop that looks after it."""

    firm: Firm
    loop: Writeback

    def cli(self, *arguments: str) -> str:
        """What an operator sees; the exit code must be 0."""
        done = CliRunner().invoke(main, ["sagas", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def refused(self, *arguments: str) -> str:
        """What an operator reads when the command refuses."""
        done = CliRunner().invoke(main, ["sagas", *arguments], catch_exceptions=False)
        assert done.exit_code == 1, done.output
        return done.output

    def facts(self, process: str, **wanted: Any) -> list[Mapping[str, str | None]]:
        """Triggers of a process whose facts are as wanted; True means known."""
        lines = self.cli("triggers", process).splitlines()
        rows = [json.loads(line) for line in lines]
        return [
            row for row in rows
            if all(row[n] is not None if v is True else row[n] == v for n, v in wanted.items())
        ]  # fmt: skip

    def saga(self, key: str) -> Saga:
        with reading(self.loop.outbox.engine) as connection:
            return get(connection, key)

    def approve(self) -> int:
        return self.loop.approve_as_demo()

    def to_end(self, key: str) -> Saga:
        """Approve and deliver until the saga has ended."""
        for _ in range(30):
            self.loop.dispatch()
            if self.saga(key).state in _ENDS:
                return self.saga(key)
            self.approve()
        raise AssertionError(self.cli("show", key))

    def until(self, key: str, step: str) -> Saga:
        """Approve and deliver until the step waits for a decision."""
        for _ in range(30):
            self.loop.dispatch()
            if self.saga(key).step(step).correction_state is State.PROPOSED:
                return self.saga(key)
            self.approve()
        raise AssertionError(self.cli("show", key))

    def row(self, instance: str, table: str, record_id: str | None) -> Mapping[str, Any]:
        """A record as the vendor holds it."""
        rows = self.firm.admin(instance, "GET", f"/rows/{table}")
        assert isinstance(rows, list)
        return next(r for r in rows if str(r.get("id", r.get("Id"))) == record_id)

    def refuse(self, instance: str, method: str, path: str, body: object, *, skip: int = 0) -> None:
        """Let the vendor refuse the next such call, as a validation does."""
        fault = {"kind": "status", "method": method, "path": path, "status": 400, "body": body, "skip": skip}
        self.firm.admin(instance, "POST", "/faults", fault)

    def undone(self, key: str) -> list[str]:
        """Steps in the order in which they were taken back."""
        return [
            e.detail["step"] for e in events(self.loop.outbox.engine)
            if e.event == "saga_step" and e.detail["saga"] == key and e.to_state in ("undone", "nothing_to_undo")
        ]  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_firm(tmp_path_factory.mktemp("sagas"), people=60) as firm:
        sync_all(firm)
        # the data tests judge this firm where the planted truth is judged
        build_dbt(firm, "--exclude-resource-type", "test")
        publish(firm.home)
        yield Stage(firm, Writeback.open(Runtime.from_environment()))


def _deal(stage: Stage, number: int) -> Mapping[str, str | None]:
    """A deal with a fixed price that nothing is missing of."""
    found = stage.facts(
        "opportunity_to_cash", has_project="false", amount=True, customer_tax_id=True, erp_customer_id=True
    )
    return [deal for deal in found if deal["billing_lines"] != "[]"][number]


def _start_deal(stage: Stage, deal: Mapping[str, str | None]) -> str:
    roles = stage.firm.admin(PSA, "GET", "/rows/roles")
    assert isinstance(roles, list)
    inputs = ["--input", "staffing_hours=120", "--input", f"staffing_role_id={roles[0]['id']}"]
    stage.cli("start", "opportunity_to_cash", str(deal["trigger_key"]), *inputs, *STARTER)
    return f"S01/{deal['trigger_key']}"


def _start(stage: Stage, process: str, trigger_key: str | None) -> str:
    stage.cli("start", process, str(trigger_key), *STARTER)
    return f"{stage.firm.config.sagas.process(process).id}/{trigger_key}"


def _prove(stage: Stage, key: str) -> None:
    stage.loop.verify()
    saga = stage.saga(key)
    assert saga.state is SagaState.VERIFIED, stage.cli("show", key)
    assert {s.correction_state for s in saga.steps if s.correction_id} == {State.VERIFIED}
    assert verify_chain(stage.loop.outbox.engine).is_valid


_NETSUITE_NO = {
    "type": "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.1", "title": "Bad Request", "status": 400,
    "o:errorDetails": [{"detail": "Please enter a valid charge rule.", "o:errorCode": "INVALID_CONTENT"}],
}  # fmt: skip
_SALESFORCE_NO = [
    {"message": "The deal is locked by a rule.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION"}
]


def test_a_deal_becomes_a_project_and_a_billing_schedule(stage: Stage) -> None:
    deal = _deal(stage, 0)
    key = _start_deal(stage, deal)
    saga = stage.to_end(key)
    assert saga.state is SagaState.COMPLETED, stage.cli("show", key)
    project = stage.row(PSA, "workspaces", saga.result("project"))
    assert (project["title"], project["stage"]) == (deal["opportunity_name"], "estimate")
    seat = stage.row(PSA, "workspace_resources", saga.result("seat"))
    assert (seat["workspace_id"], seat["user_id"]) == (saga.result("project"), None)
    booking = stage.row(PSA, "workspace_allocations", saga.result("staffing"))
    assert (booking["workspace_resource_id"], booking["minutes"], booking["hard"]) == (seat["id"], 7200, 0)
    job = stage.row(ERP, "job", saga.result("erp_project"))
    assert str(job["parent"]) == deal["erp_customer_id"]
    lines = [stage.row(ERP, "charge", saga.result(f"billing.{n}")) for n in (1, 2, 3)]
    assert {(line["stage"], str(line["project"])) for line in lines} == {("HOLD", str(job["id"]))}
    assert sum(float(line["amount"]) for line in lines) == float(str(deal["amount"]))
    account = stage.row(CRM, "Account", deal["crm_account_id"])
    assert account["NetSuite_Customer_Id__c"] == deal["erp_customer_id"]
    told = [e.detail for e in events(stage.loop.outbox.engine) if e.event == "saga_event"]
    assert [d["type"] for d in told if d["saga"] == key] == ["project.initiated"]
    _prove(stage, key)
    listed = stage.cli("list", "--state", "verified", "--process", "S01")
    assert key in listed
    assert "10 of 10" in listed


def test_a_deal_whose_last_instalment_is_refused_leaves_nothing_open(stage: Stage) -> None:
    deal = _deal(stage, 1)
    before = stage.row(CRM, "Account", deal["crm_account_id"])["NetSuite_Customer_Id__c"]
    key = _start_deal(stage, deal)
    stage.until(key, "billing.3")
    stage.refuse(ERP, "PUT", "/charge/", _NETSUITE_NO, skip=2)
    saga = stage.to_end(key)
    assert saga.state is SagaState.COMPENSATED, stage.cli("show", key)
    assert "Please enter a valid charge rule" in str(saga.state_reason)
    expected = ["billing.2", "billing.1", "erp_project", "initiated", "staffing", "seat", "project"]
    assert stage.undone(key)[:7] == expected
    assert stage.row(PSA, "workspaces", saga.result("project"))["status_key"] == "cancelled"
    assert stage.row(PSA, "workspace_allocations", saga.result("staffing"))["minutes"] == 0
    assert stage.row(ERP, "job", saga.result("erp_project"))["isinactive"] == 1
    for number in (1, 2):
        line = stage.row(ERP, "charge", saga.result(f"billing.{number}"))
        assert (float(line["amount"]), line["stage"]) == (0, "HOLD")
    assert stage.row(CRM, "Account", deal["crm_account_id"])["NetSuite_Customer_Id__c"] == before
    assert not stage.loop.outbox.list(Filter(states=(State.DEAD_LETTERED,)))
    assert verify_chain(stage.loop.outbox.engine).is_valid


def test_a_deal_with_something_missing_is_refused_before_anything_is_written(stage: Stage) -> None:
    deal = stage.facts("opportunity_to_cash", has_project="false", amount=True, customer_tax_id=None)[0]
    before = len(stage.loop.outbox.list(Filter(limit=10_000)))
    words = stage.refused("start", "S01", str(deal["trigger_key"]), *STARTER)
    assert "the customer has no tax id" in words
    assert "--input staffing_hours=N" in words
    assert stage.saga(f"S01/{deal['trigger_key']}").state is SagaState.REFUSED
    assert len(stage.loop.outbox.list(Filter(limit=10_000))) == before


def _changes(stage: Stage) -> list[Mapping[str, str | None]]:
    return stage.facts(
        "change_request",
        is_project_certain="true",
        is_currency_agreed="true",
        is_uncarried="true",
        erp_project_id=True,
    )


def _money_of_change(stage: Stage, change: Mapping[str, str | None]) -> tuple[float, float]:
    deal = stage.row(CRM, "Opportunity", change["crm_opportunity_id"])
    project = stage.row(PSA, "workspaces", change["psa_workspace_id"])
    return float(deal["Services_Amount__c"]), project["price_in_cents"] / 100


def test_an_approved_change_reaches_forecast_budget_and_schedule(stage: Stage) -> None:
    change = _changes(stage)[0]
    signed = stage.row(CRM, "Opportunity", change["crm_opportunity_id"])["Amount"]
    key = _start(stage, "change_request", change["trigger_key"])
    saga = stage.to_end(key)
    assert saga.state is SagaState.COMPLETED, stage.cli("show", key)
    assert _money_of_change(stage, change) == (
        float(str(change["services_after"])), float(str(change["budget_after"])),
    )  # fmt: skip
    line = stage.row(ERP, "charge", saga.result("schedule"))
    assert (float(line["amount"]), line["stage"]) == (float(str(change["amount"])), "HOLD")
    assert stage.row(CRM, "Opportunity", change["crm_opportunity_id"])["Amount"] == signed
    _prove(stage, key)


@pytest.mark.parametrize("how", ["refused by the vendor", "rejected by a person"])
def test_a_change_that_cannot_be_finished_is_taken_back(stage: Stage, how: str) -> None:
    change = _changes(stage)[1 if how == "refused by the vendor" else 2]
    before = _money_of_change(stage, change)
    key = _start(stage, "change_request", change["trigger_key"])
    if how == "refused by the vendor":
        stage.until(key, "schedule")
        stage.refuse(ERP, "PUT", "/charge/", _NETSUITE_NO)
    else:
        step = stage.until(key, "budget").step("budget")
        stage.loop.outbox.reject(str(step.correction_id), "carla.cfo", ["controller"], "not this quarter")
    saga = stage.to_end(key)
    assert saga.state is SagaState.COMPENSATED, stage.cli("show", key)
    assert stage.undone(key) == (["budget", "forecast"] if how == "refused by the vendor" else ["forecast"])
    assert _money_of_change(stage, change) == before


def _closable(stage: Stage, number: int) -> Mapping[str, str | None]:
    found = stage.facts(
        "project_closure", is_open="true", is_all_accepted="true", is_all_billed="true",
        erp_project_id=True, crm_opportunity_id=True,
    )  # fmt: skip
    return [project for project in found if project["open_allocations"] != "[]"][number]


def _closing(stage: Stage, project: Mapping[str, str | None]) -> list[Any]:
    bookings = json.loads(str(project["open_allocations"]))
    rows = [stage.row(PSA, "workspace_allocations", b["allocation_id"]) for b in bookings]
    return [
        stage.row(PSA, "workspaces", project["psa_workspace_id"])["status_key"],
        bool(stage.row(ERP, "job", project["erp_project_id"])["isinactive"]),
        stage.row(CRM, "Opportunity", project["crm_opportunity_id"])["Project_Closed_On__c"],
        [(row["end_date"], row["minutes"]) for row in rows],
    ]


def test_a_finished_project_is_closed_everywhere(stage: Stage) -> None:
    project = _closable(stage, 0)
    key = _start(stage, "project_closure", project["trigger_key"])
    saga = stage.to_end(key)
    assert saga.state is SagaState.COMPLETED, stage.cli("show", key)
    bookings = json.loads(str(project["open_allocations"]))
    assert _closing(stage, project) == [
        "completed", True, project["closed_on"], [(b["ends_on"], int(b["minutes_left"])) for b in bookings],
    ]  # fmt: skip
    _prove(stage, key)


def test_a_closure_whose_flag_is_refused_opens_the_project_again(stage: Stage) -> None:
    project = _closable(stage, 1)
    before = _closing(stage, project)
    key = _start(stage, "project_closure", project["trigger_key"])
    stage.until(key, "crm_flag")
    stage.refuse(CRM, "PATCH", "/Opportunity/", _SALESFORCE_NO)
    saga = stage.to_end(key)
    assert saga.state is SagaState.COMPENSATED, stage.cli("show", key)
    assert stage.undone(key)[:2] == ["erp_project", "project"]
    assert _closing(stage, project) == before


def test_every_fact_that_a_saga_uses_is_a_column_of_its_model(stage: Stage) -> None:
    for process in stage.firm.config.sagas.sagas:
        columns = set(open_published(stage.firm.home).saga_facts(process.facts)[0])
        inputs = {given.name for given in process.inputs}
        assert {r.fact for r in process.requires} <= columns | inputs
    assert os.environ["CONCORD_HOME"] == str(stage.firm.home.root)
