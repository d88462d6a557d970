"""Sagas against the real ledger: forward, back, and stopped by people and vendors."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.errors import TransientError
from reverse_etl import saga_desk
from reverse_etl.audit import events, verify_chain
from reverse_etl.errors import IllegalTransitionError, NotAllowedError, SagaValueError
from reverse_etl.models import State
from reverse_etl.sagas import SagaState
from reverse_etl.verify import verify
from tests.reverse_etl.factories import CRM, ERP, PSA
from tests.reverse_etl.fakes import FakePublished, TickingClock, refused
from tests.reverse_etl.saga_factory import (
    CHECKER,
    FACTS,
    MAKER,
    PROCESS,
    Desk,
    saga_governance,
    until,
    waiting,
)


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


def test_a_refused_last_step_takes_back_the_others_in_reverse_order(desk: Desk) -> None:
    key = desk.start()
    until(desk, key, "line.1")
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
    until(desk, key, "line.1")
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
    until(desk, key, "project")
    if end == "rejected":
        desk.outbox.reject(waiting(desk, "workspace").correction_id, *CHECKER, reason="no budget")
    else:
        clock.now += timedelta(days=30)
        desk.outbox.expire_overdue()
    assert desk.turns(key) is SagaState.COMPENSATED
    assert desk.states(key)["project"] == "failed"
    assert desk.vendors[CRM].value("account", "001A", "legal_name") == "Acme"
    assert not desk.vendors[PSA].writes


def test_a_compensation_needs_an_approval_and_meets_conflicts_as_all_corrections_do(desk: Desk) -> None:
    key = desk.start()
    until(desk, key, "project")
    desk.vendors[CRM].put("account", "001A", legal_name="Changed by sales")
    desk.outbox.reject(waiting(desk, "workspace").correction_id, *CHECKER, reason="no budget")
    desk.turn(approve=False)
    assert desk.states(key)["account"] == "undo_open"
    assert desk.turns(key) is SagaState.STUCK
    assert desk.vendors[CRM].value("account", "001A", "legal_name") == "Changed by sales"
    assert "concord sagas retry" in str(desk.saga(key).state_reason)
    desk.vendors[CRM].put("account", "001A", legal_name="Acme Inc")
    saga_desk.retry(desk.outbox, key, PROCESS, *MAKER, "sales put it back")
    assert desk.turns(key) is SagaState.COMPENSATED
    assert desk.vendors[CRM].value("account", "001A", "legal_name") == "Acme"


def test_a_kill_switch_stops_a_saga_where_it_stands(desk: Desk) -> None:
    key = desk.start()
    until(desk, key, "project")
    desk.outbox.policy = saga_governance(kill_switches=["S01"])
    with pytest.raises(NotAllowedError, match="switched off"):
        desk.outbox.approve(waiting(desk, "workspace").correction_id, *CHECKER)


def test_the_one_who_starts_a_saga_approves_none_of_its_steps(desk: Desk) -> None:
    desk.start()
    desk.turn(approve=False)
    with pytest.raises(NotAllowedError, match="asked for this correction"):
        desk.outbox.approve(waiting(desk, "account").correction_id, MAKER[0], ["controller"])


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
    until(desk, key, "project")
    saga_desk.cancel(desk.outbox, key, PROCESS, *MAKER, "the client withdrew")
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
        saga_desk.answer(desk.outbox, key, "customer", "700", *MAKER)
    with pytest.raises(IllegalTransitionError, match="waits for no answer"):
        saga_desk.answer(desk.outbox, key, "project", "700", *CHECKER)
    with pytest.raises(SagaValueError, match="it has: account"):
        saga_desk.answer(desk.outbox, key, "nothing", "700", *CHECKER)
    other = saga_desk.start(
        desk.outbox, PROCESS, "deal-2", {**FACTS, "customer": "9"}, *MAKER, {"hours": "1"}
    ).saga_key
    desk.vendors[CRM].put("account", "001A", legal_name="Acme Inc")
    desk.turn()
    assert desk.states(other)["customer"] == "skipped"


def test_a_person_without_the_role_starts_nothing_and_unknown_inputs_are_refused(desk: Desk) -> None:
    with pytest.raises(NotAllowedError, match="delivery_operations"):
        saga_desk.start(desk.outbox, PROCESS, "deal-1", FACTS, *CHECKER, {"hours": "40"})
    with pytest.raises(SagaValueError, match="takes no days"):
        saga_desk.start(desk.outbox, PROCESS, "deal-1", FACTS, *MAKER, {"days": "5"})
    with pytest.raises(SagaValueError, match="type int"):
        saga_desk.start(desk.outbox, PROCESS, "deal-1", FACTS, *MAKER, {"hours": "many"})


def test_a_vendor_that_cannot_be_read_just_now_holds_a_saga_up_and_changes_nothing(desk: Desk) -> None:
    key = desk.start()
    desk.vendors[CRM].fail("read", TransientError("busy.", instance=CRM))
    report = desk.sagas.advance()
    assert "busy" in report.waiting[key]
    assert desk.states(key)["account"] == "pending"
    assert desk.turns(key) is SagaState.COMPLETED
