"""A saga over three vendors with every kind of step, and the desk from which tests drive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from config.sagas import Process
from config.schema import Ownership, Policy
from reverse_etl import saga_desk
from reverse_etl.dispatcher import dispatch
from reverse_etl.ledger import reading
from reverse_etl.models import Correction, Filter, State
from reverse_etl.outbox import Outbox
from reverse_etl.policies import Governance
from reverse_etl.saga_engine import Sagas
from reverse_etl.saga_store import get
from reverse_etl.sagas import Saga, SagaState, StepState
from tests.reverse_etl.factories import CRM, ERP, OWNERSHIP, POLICY, PSA
from tests.reverse_etl.fakes import FakeVendor

MAKER, CHECKER = ("mara.maker", ["delivery_operations"]), ("carl.checker", ["controller"])


def change(field: str, to: dict[str, Any], type: str = "text", **more: Any) -> dict[str, Any]:
    return {"field": field, "type": type, "to": to, **more}


def correction(
    system: str, instance: str, object: str, changes: list[Any], record: Any = None
) -> dict[str, Any]:
    return {
        "system": system, "instance": {"value": instance}, "object": object, "changes": changes,
        "operation": "update" if record else "create", "record": record, "reason": "of {name}",
    }  # fmt: skip


PROCESS = Process.model_validate({
    "id": "S01", "name": "deal", "title": "{name}: deal", "facts": "saga_deal",
    "start_roles": ["delivery_operations"],
    "inputs": [{"name": "hours", "type": "int", "title": "Hours"}],
    "requires": [{"fact": "amount_rc", "missing": "no amount: enter it"},
                 {"fact": "is_won", "equals": "true", "missing": "not won: win it"}],
    "steps": [
        {"id": "account", "title": "a", "undo": {"restore": True},
         "correction": correction("salesforce", CRM, "account", [change("legal_name", {"fact": "name"})],
                                   {"fact": "account"})},
        {"id": "customer", "title": "c", "undo": {"nothing": "finance made the customer"},
         "request": {"question": "set up {name}", "roles": ["controller"], "unless": "customer"}},
        {"id": "project", "title": "p",
         "correction": correction("kantata", PSA, "workspace", [
             change("title", {"text": "Project {name}"}), change("crm_opportunity_ref", {"fact": "opportunity"}),
             change("budget_hours", {"fact": "hours"}, "int"),
             change("client", {"first": [{"fact": "customer"}, {"result": "customer"}]})]),
         "undo": {"correction": correction("kantata", PSA, "workspace", [
             change("status_key", {"value": "cancelled"})], {"result": "project"})}},
        {"id": "told", "title": "t",
         "event": {"type": "project.initiated", "data": {"project": {"result": "project"}}},
         "undo": {"event": {"type": "project.withdrawn", "data": {"project": {"result": "project"}}}}},
        {"id": "line", "title": "l", "for_each": "lines", "undo": {"restore": True},
         "correction": correction("netsuite", ERP, "charge", [change("stage", {"value": "READY"})],
                                   {"fact": "charge"})},
    ],
})  # fmt: skip
FACTS = {
    "name": "Acme Inc", "account": "001A", "customer": None, "amount_rc": "1000", "is_won": "true",
    "opportunity": "006S",
    "lines": '[{"charge": "501"}, {"charge": "502"}]', "business_unit_id": "advisory",
}  # fmt: skip


SAGA_RULES = [
    {"check": "S01", "target": target, "operation": operation, "mode": "approval", "roles": ["controller"]}
    for target, operation in (
        ("salesforce.account", "update"), ("kantata.workspace", "create"), ("kantata.workspace", "update"),
        ("netsuite.charge", "update"),
    )
]  # fmt: skip
PROJECT_STATE: dict[str, Any] = {
    "field": "project.state", "owner": "kantata",
    "copies": [{"system": "kantata", "object": "workspace", "column": "status_key"}],
}  # fmt: skip


def saga_governance(**policy: Any) -> Governance:
    """The tests' policy with the rules of the saga."""
    return Governance(
        Policy.model_validate({**POLICY, "rules": SAGA_RULES, **policy}),
        Ownership.model_validate({**OWNERSHIP, "fields": [*OWNERSHIP["fields"], PROJECT_STATE]}),
    )


@dataclass
class Desk:
    """One ledger, its vendors, and a person who approves."""

    outbox: Outbox
    sagas: Sagas
    vendors: dict[str, FakeVendor]

    def start(self, **facts: str | None) -> str:
        saga = saga_desk.start(self.outbox, PROCESS, "deal-1", {**FACTS, **facts}, *MAKER, {"hours": "40"})
        return saga.saga_key

    def turn(self, *, approve: bool = True) -> None:
        """What the loop does once."""
        self.sagas.advance()
        if approve:
            for item in self.outbox.list(Filter(states=(State.PROPOSED,))):
                self.outbox.approve(item.correction_id, *CHECKER)
        dispatch(self.outbox, self.vendors)
        self.sagas.advance()

    def turns(self, key: str, *, times: int = 12) -> SagaState:
        for _ in range(times):
            self.turn()
            saga = self.saga(key)
            if saga.state in (SagaState.COMPLETED, SagaState.COMPENSATED, SagaState.STUCK):
                break
            if any(s.step_id == "customer" and s.state is StepState.OPEN for s in saga.steps):
                saga_desk.answer(self.outbox, key, "customer", "700", *CHECKER)
        return self.saga(key).state

    def saga(self, key: str) -> Saga:
        with reading(self.outbox.engine) as connection:
            return get(connection, key)

    def states(self, key: str) -> dict[str, str]:
        return {step.step_id: step.state.value for step in self.saga(key).steps}


def until(desk: Desk, key: str, step_id: str) -> None:
    """Take turns until the step waits for a decision."""
    for _ in range(12):
        desk.sagas.advance()
        if desk.states(key)[step_id] == "open":
            return
        desk.turns(key, times=1)
    raise AssertionError(f"{step_id} was never proposed: {desk.states(key)}")


def waiting(desk: Desk, target_object: str) -> Correction:
    """The proposed correction of an object."""
    return next(
        i for i in desk.outbox.list(Filter(states=(State.PROPOSED,))) if i.target_object == target_object
    )
