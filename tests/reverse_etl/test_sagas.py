"""Sagas against the real ledger: forward, back, stopped by people and vendors, and killed at every commit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from config.sagas import Process
from config.schema import Ownership, Policy
from connectors.errors import TransientError
from reverse_etl.audit import events, verify_chain
from reverse_etl.delivery import LEASE
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import IllegalTransitionError, NotAllowedError, SagaValueError
from reverse_etl.ledger import open_ledger, reading
from reverse_etl.models import Correction, Filter, State
from reverse_etl.outbox import Outbox
from reverse_etl.policies import Governance
from reverse_etl.saga_engine import Sagas
from reverse_etl.saga_store import get
from reverse_etl.sagas import Saga, SagaState, SagaStep, StepState, next_action
from reverse_etl.verify import verify
from tests.reverse_etl.factories import CRM, ERP, OWNERSHIP, POLICY, PSA, START
from tests.reverse_etl.fakes import FakePublished, FakeVendor, TickingClock, refused

MAKER, CHECKER = ("mara.maker", ["delivery_operations"]), ("carl.checker", ["controller"])


def _change(field: str, to: dict[str, Any], type: str = "text", **more: Any) -> dict[str, Any]:
    return {"field": field, "type": type, "to": to, **more}


def _correction(
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
         "correction": _correction("salesforce", CRM, "account", [_change("legal_name", {"fact": "name"})],
                                   {"fact": "account"})},
        {"id": "customer", "title": "c", "undo": {"nothing": "finance made the customer"},
         "request": {"question": "set up {name}", "roles": ["controller"], "unless": "customer"}},
        {"id": "project", "title": "p",
         "correction": _correction("kantata", PSA, "workspace", [
             _change("title", {"text": "Project {name}"}), _change("budget_hours", {"fact": "hours"}, "int"),
             _change("client", {"first": [{"fact": "customer"}, {"result": "customer"}]})]),
         "undo": {"correction": _correction("kantata", PSA, "workspace", [
             _change("status_key", {"value": "cancelled"})], {"result": "project"})}},
        {"id": "told", "title": "t",
         "event": {"type": "project.initiated", "data": {"project": {"result": "project"}}},
         "undo": {"event": {"type": "project.withdrawn", "data": {"project": {"result": "project"}}}}},
        {"id": "line", "title": "l", "for_each": "lines", "undo": {"restore": True},
         "correction": _correction("netsuite", ERP, "charge", [_change("stage", {"value": "READY"})],
                                   {"fact": "charge"})},
    ],
})  # fmt: skip
FACTS = {
    "name": "Acme Inc", "account": "001A", "customer": None, "amount_rc": "1000", "is_won": "true",
    "lines": '[{"charge": "501"}, {"charge": "502"}]', "business_unit_id": "advisory",
}  # fmt: skip


def governance(mode: str = "approval", **policy: Any) -> Governance:
    targets = [("salesforce.account", "update"), ("kantata.workspace", "create"),
               ("kantata.workspace", "update"), ("netsuite.charge", "update")]  # fmt: skip
    rules = [
        {"check": "S01", "target": target, "operation": operation, "mode": mode, "roles": ["controller"]}
        for target, operation in targets
    ]
    own = {"system": "kantata", "object": "workspace", "column": "status_key"}
    fields = [*OWNERSHIP["fields"], {"field": "project.state", "owner": "kantata", "copies": [own]}]
    return Governance(
        Policy.model_validate({**POLICY, "rules": rules, **policy}),
        Ownership.model_validate({**OWNERSHIP, "fields": fields}),
    )


@dataclass
class Desk:
    """One ledger, its vendors, and a person who approves."""

    outbox: Outbox
    sagas: Sagas
    vendors: dict[str, FakeVendor]

    def start(self, **facts: str | None) -> str:
        saga = self.sagas.start(PROCESS, "deal-1", {**FACTS, **facts}, *MAKER, {"hours": "40"})
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
                self.sagas.answer(key, "customer", "700", *CHECKER)
        return self.saga(key).state

    def saga(self, key: str) -> Saga:
        with reading(self.outbox.engine) as connection:
            return get(connection, key)

    def states(self, key: str) -> dict[str, str]:
        return {step.step_id: step.state.value for step in self.saga(key).steps}


@pytest.fixture
def desk(make_outbox: Callable[..., Outbox], vendors: dict[str, FakeVendor]) -> Desk:
    vendors[ERP].put("charge", "502", stage="HOLD")
    outbox = make_outbox(governance())
    return Desk(outbox, Sagas(outbox, vendors), vendors)


def test_from_start_to_proof(desk: Desk, published: FakePublished) -> None:
    key = desk.start()
    assert desk.turns(key) is SagaState.COMPLETED
    assert desk.states(key) == dict.fromkeys(
        ("account", "customer", "project", "told", "line.1", "line.2"), "done"
    )
    project = desk.saga(key).result("project")
    psa = desk.vendors[PSA]
    assert psa.value("workspace", project, "title") == "Project Acme Inc"
    assert psa.value("workspace", project, "budget_hours") == 40
    assert psa.value("workspace", project, "client") == "700"
    assert desk.vendors[ERP].value("charge", "502", "stage") == "READY"
    verify(desk.outbox, published)
    assert {item.state for item in desk.outbox.list()} == {State.DELIVERED}, "checks do not prove sagas"
    assert desk.sagas.verify().verified == [key]
    assert desk.saga(key).state is SagaState.VERIFIED
    assert {item.state for item in desk.outbox.list()} == {State.VERIFIED}
    told = [e for e in events(desk.outbox.engine) if e.event == "saga_event"]
    assert [(e.reason, e.detail["data"]) for e in told] == [("project.initiated", {"project": project})]
    assert verify_chain(desk.outbox.engine).is_valid


def test_a_step_is_proposed_only_when_the_one_before_it_is_delivered(desk: Desk) -> None:
    key = desk.start()
    desk.turn(approve=False)
    desk.turn(approve=False)
    assert [item.target_object for item in desk.outbox.list()] == ["account"]
    assert desk.states(key)["project"] == "pending"
    assert not desk.vendors[CRM].writes


def test_a_completed_saga_whose_record_reads_otherwise_is_not_verified(desk: Desk) -> None:
    key = desk.start()
    desk.turns(key)
    desk.vendors[CRM].put("account", "001A", legal_name="Somebody else's")
    report = desk.sagas.verify()
    assert "legal_name of account 001A" in report.waiting[key]
    assert desk.saga(key).state is SagaState.COMPLETED


def _until(desk: Desk, key: str, step_id: str) -> None:
    """Take turns until the step waits for a decision."""
    for _ in range(12):
        desk.sagas.advance()
        if desk.states(key)[step_id] == "open":
            return
        desk.turns(key, times=1)
    raise AssertionError(f"{step_id} was never proposed: {desk.states(key)}")


def _waiting(desk: Desk, target_object: str) -> Correction:
    return next(
        i for i in desk.outbox.list(Filter(states=(State.PROPOSED,))) if i.target_object == target_object
    )


def test_a_refused_last_step_takes_back_the_others_in_reverse_order(desk: Desk) -> None:
    key = desk.start()
    _until(desk, key, "line.1")
    desk.vendors[ERP].fail("write", refused(ERP))
    assert desk.turns(key) is SagaState.COMPENSATED
    assert desk.states(key) == {
        "account": "undone", "customer": "nothing_to_undo", "project": "undone", "told": "undone",
        "line.1": "failed", "line.2": "undone",
    }  # fmt: skip
    assert desk.vendors[ERP].value("charge", "501", "stage") == "HOLD"
    assert desk.vendors[ERP].value("charge", "502", "stage") == "HOLD"
    assert desk.vendors[CRM].value("account", "001A", "legal_name") == "Acme"
    project = desk.saga(key).result("project")
    assert desk.vendors[PSA].value("workspace", project, "status_key") == "cancelled"
    order = [
        e.detail["step"] for e in events(desk.outbox.engine) if e.event == "saga_step" and e.to_state in
        ("undone", "nothing_to_undo")
    ]  # fmt: skip
    assert order == ["line.2", "told", "project", "customer", "account"]
    told = [e.reason for e in events(desk.outbox.engine) if e.event == "saga_event"]
    assert told == ["project.initiated", "project.withdrawn"]
    assert "the vendor said no" in str(desk.saga(key).state_reason)
    assert verify_chain(desk.outbox.engine).is_valid


def test_a_dead_letter_of_a_saga_that_turned_back_cannot_be_sent_again(desk: Desk) -> None:
    key = desk.start()
    _until(desk, key, "line.1")
    desk.vendors[ERP].fail("write", refused(ERP))
    desk.turns(key)
    lost = desk.saga(key).step("line.1").correction_id
    with pytest.raises(IllegalTransitionError, match="rejected"):
        desk.outbox.replay(str(lost), *CHECKER)


@pytest.mark.parametrize("end", ["rejected", "expired"])
def test_an_approval_that_is_not_given_takes_back_what_was_done(
    desk: Desk, end: str, clock: TickingClock
) -> None:
    key = desk.start()
    _until(desk, key, "project")
    if end == "rejected":
        desk.outbox.reject(_waiting(desk, "workspace").correction_id, *CHECKER, reason="no budget")
    else:
        clock.now += timedelta(days=30)
        desk.outbox.expire_overdue()
    assert desk.turns(key) is SagaState.COMPENSATED
    assert desk.states(key)["project"] == "failed"
    assert desk.vendors[CRM].value("account", "001A", "legal_name") == "Acme"
    assert not desk.vendors[PSA].writes


def test_a_compensation_needs_an_approval_and_meets_conflicts_as_all_corrections_do(desk: Desk) -> None:
    key = desk.start()
    _until(desk, key, "project")
    desk.vendors[CRM].put("account", "001A", legal_name="Changed by sales")
    desk.outbox.reject(_waiting(desk, "workspace").correction_id, *CHECKER, reason="no budget")
    desk.turn(approve=False)
    assert desk.states(key)["account"] == "undo_open"
    assert desk.turns(key) is SagaState.STUCK
    assert desk.vendors[CRM].value("account", "001A", "legal_name") == "Changed by sales"
    assert "concord sagas retry" in str(desk.saga(key).state_reason)
    desk.vendors[CRM].put("account", "001A", legal_name="Acme Inc")
    desk.sagas.retry(key, PROCESS, *MAKER, "sales put it back")
    assert desk.turns(key) is SagaState.COMPENSATED
    assert desk.vendors[CRM].value("account", "001A", "legal_name") == "Acme"


def test_a_kill_switch_stops_a_saga_where_it_stands(desk: Desk) -> None:
    key = desk.start()
    _until(desk, key, "project")
    desk.outbox.policy = governance(kill_switches=["S01"])
    with pytest.raises(NotAllowedError, match="switched off"):
        desk.outbox.approve(_waiting(desk, "workspace").correction_id, *CHECKER)


def test_the_one_who_starts_a_saga_approves_none_of_its_steps(desk: Desk) -> None:
    desk.start()
    desk.turn(approve=False)
    with pytest.raises(NotAllowedError, match="asked for this correction"):
        desk.outbox.approve(_waiting(desk, "account").correction_id, MAKER[0], ["controller"])


def test_what_is_missing_refuses_before_anything_is_written(desk: Desk) -> None:
    key = desk.start(amount_rc=None, is_won="false")
    desk.turn()
    saga = desk.saga(key)
    assert (saga.state, saga.state_reason, saga.steps) == (
        SagaState.REFUSED, "no amount: enter it; not won: win it", (),
    )  # fmt: skip
    assert not desk.outbox.list()
    assert desk.start() == key
    assert desk.saga(key).state is SagaState.RUNNING


def test_the_same_trigger_starts_once_and_anew_only_after_a_compensation(desk: Desk) -> None:
    key = desk.start()
    assert desk.start() == key
    _until(desk, key, "project")
    desk.sagas.cancel(key, PROCESS, *MAKER, "the client withdrew")
    assert desk.turns(key) is SagaState.COMPENSATED
    assert desk.states(key)["project"] == "withdrawn"
    assert {i.state for i in desk.outbox.list() if i.target_object == "workspace"} == {State.EXPIRED}
    assert desk.start() == f"{key}#2"


def test_a_value_that_is_there_already_is_not_written(desk: Desk) -> None:
    desk.vendors[CRM].put("account", "001A", legal_name="Acme Inc")
    key = desk.start()
    desk.turns(key)
    assert desk.states(key)["account"] == "skipped"
    assert not desk.vendors[CRM].writes


def test_a_request_is_skipped_when_the_fact_is_known_and_answered_only_in_its_role(desk: Desk) -> None:
    key = desk.start()
    desk.turn()
    assert desk.states(key)["customer"] == "open"
    with pytest.raises(NotAllowedError, match="controller"):
        desk.sagas.answer(key, "customer", "700", *MAKER)
    with pytest.raises(IllegalTransitionError, match="waits for no answer"):
        desk.sagas.answer(key, "project", "700", *CHECKER)
    with pytest.raises(SagaValueError, match="it has: account"):
        desk.sagas.answer(key, "nothing", "700", *CHECKER)
    other = desk.sagas.start(PROCESS, "deal-2", {**FACTS, "customer": "9"}, *MAKER, {"hours": "1"}).saga_key
    desk.vendors[CRM].put("account", "001A", legal_name="Acme Inc")
    desk.turn()
    assert desk.states(other)["customer"] == "skipped"


def test_a_person_without_the_role_starts_nothing_and_unknown_inputs_are_refused(desk: Desk) -> None:
    with pytest.raises(NotAllowedError, match="delivery_operations"):
        desk.sagas.start(PROCESS, "deal-1", FACTS, *CHECKER, {"hours": "40"})
    with pytest.raises(SagaValueError, match="takes no days"):
        desk.sagas.start(PROCESS, "deal-1", FACTS, *MAKER, {"days": "5"})
    with pytest.raises(SagaValueError, match="type int"):
        desk.sagas.start(PROCESS, "deal-1", FACTS, *MAKER, {"hours": "many"})


def test_a_vendor_that_cannot_be_read_just_now_holds_a_saga_up_and_changes_nothing(desk: Desk) -> None:
    key = desk.start()
    desk.vendors[CRM].fail("read", TransientError("busy.", instance=CRM))
    report = desk.sagas.advance()
    assert "busy" in report.waiting[key]
    assert desk.states(key)["account"] == "pending"
    assert desk.turns(key) is SagaState.COMPLETED


class Killed(BaseException):
    """The process dies here."""


def _ledger(file: Path, template: Path) -> sa.Engine:
    """A new ledger without its migrations' time; it waits for no disk, as nothing here dies but the process."""
    shutil.copyfile(template, file)
    engine = open_ledger(f"sqlite:///{file}")
    engine.dispose()
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return engine


def _run_killed_at(engine: sa.Engine, commit: int | None, *, refuse: bool) -> tuple[Any, ...]:
    """A whole saga on a ledger of its own; the process dies instead of making that commit. Returns what is left."""
    crm, erp, psa = FakeVendor(CRM), FakeVendor(ERP, has_versions=False), FakeVendor(PSA)
    crm.put("account", "001A", legal_name="Acme")
    for record in ("501", "502"):
        erp.put("charge", record, stage="HOLD")
    vendors = {v.instance: v for v in (crm, erp, psa)}
    clock, wall = TickingClock(START), TickingClock(START)
    count = {"commits": 0, "refusals": 0}

    def die(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("concord_read"):
            return
        count["commits"] += 1
        if count["commits"] == commit:
            raise Killed

    def no() -> None:
        if refuse and any(i.target_record_id == "502" and i.state is State.IN_FLIGHT and i.kind == "saga"
                          for i in outbox.list()):  # fmt: skip
            raise refused(ERP)

    erp.before_write = no
    sa.event.listen(engine, "commit", die)
    key = None
    for _ in range(60):
        outbox = Outbox(engine, governance(), clock, wall=wall)  # a new process: nothing is remembered
        desk = Desk(outbox, Sagas(outbox, vendors), vendors)
        try:
            key = desk.start(customer="9")
            desk.turn()
        except Killed:
            wall.now += LEASE + timedelta(minutes=1)  # leases of the dead run out
            continue
        if desk.saga(key).state in (SagaState.COMPLETED, SagaState.COMPENSATED):
            break
    assert key is not None
    sa.event.remove(engine, "commit", die)
    left = (
        desk.saga(key).state, desk.states(key),
        sorted((record, len([1 for _, r in v.effects if r == record])) for v in vendors.values() for record in
               {r for _, r in v.effects}),
        {k: dict(r) for v in vendors.values() for k, r in v.records.items()},
        sorted(i.state for i in outbox.list()), [e.reason for e in events(engine) if e.event == "saga_event"],
    )  # fmt: skip
    assert verify_chain(engine).is_valid
    engine.dispose()
    return *left, count["commits"]


@pytest.mark.parametrize("refuse", [False, True], ids=["to the end", "and back"])
def test_a_saga_killed_at_a_commit_ends_as_one_that_was_not(tmp_path: Path, refuse: bool) -> None:
    template = tmp_path / "template.db"
    open_ledger(f"sqlite:///{template}").dispose()
    *expected, commits = _run_killed_at(_ledger(tmp_path / "whole.db", template), None, refuse=refuse)
    assert expected[0] is (SagaState.COMPENSATED if refuse else SagaState.COMPLETED)
    assert commits > 30
    for commit in range(2 if refuse else 1, commits + 1, 3):
        engine = _ledger(tmp_path / f"{commit}.db", template)
        *found, _ = _run_killed_at(engine, commit, refuse=refuse)
        assert found == expected, f"killed at commit {commit}"


ENDS = (State.DELIVERED, State.REJECTED, State.DEAD_LETTERED, State.CONFLICTED, State.EXPIRED)


@given(ends=st.lists(st.sampled_from(ENDS), min_size=4, max_size=4),
       undos=st.lists(st.sampled_from(ENDS), min_size=4, max_size=4))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_whatever_becomes_of_its_corrections_a_saga_ends_and_undoes_in_reverse(
    ends: list[State], undos: list[State]
) -> None:
    steps = [
        SagaStep(step_id=str(n), position=n, definition=PROCESS.steps[0], facts={}, state=StepState.PENDING,
                 after=(str(n - 1),) if n else ())
        for n in range(4)
    ]  # fmt: skip
    taken = list(_play(steps, ends, undos))
    undone = [step for kind, step in taken if kind == "begin_undo"]
    done = [step for kind, step in taken if kind == "complete"]
    failed = ends[0] != State.DELIVERED or set(ends) != {State.DELIVERED}
    assert taken[-1][0] == "finish"
    assert undone == list(reversed(done))[: len(undone)] if failed else not undone
    if failed and all(undos[int(step)] is State.DELIVERED for step in done):
        assert taken[-1] == ("finish", SagaState.COMPENSATED)
        assert undone == list(reversed(done))
    elif not failed:
        assert taken[-1] == ("finish", SagaState.COMPLETED)


def _play(steps: list[SagaStep], ends: list[State], undos: list[State]) -> Iterator[tuple[str, Any]]:
    """Do what the decision says until it has nothing more to say."""
    moves = {
        "begin": StepState.OPEN, "complete": StepState.DONE, "fail": StepState.FAILED,
        "withdraw": StepState.WITHDRAWN, "begin_undo": StepState.UNDO_OPEN, "undone": StepState.UNDONE,
        "undo_failed": StepState.UNDO_FAILED,
    }  # fmt: skip
    state = SagaState.RUNNING
    for _ in range(50):
        action = next_action(state, steps)
        if action is None:
            return
        yield action.kind, action.to if action.kind == "finish" else action.step_id
        if action.kind in ("turn_back", "finish"):
            state = action.to or SagaState.COMPENSATING
            continue
        n = int(str(action.step_id))
        steps[n] = replace(
            steps[n],
            state=moves[action.kind],
            correction_state=ends[n] if action.kind == "begin" else steps[n].correction_state,
            undo_state=undos[n] if action.kind == "begin_undo" else steps[n].undo_state,
        )
    raise AssertionError("it never ends")
