"""Sagas while people decide at the same time: edits, replays between two looks, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from connectors.errors import UnknownOutcomeError
from reverse_etl import dead_letters, saga_desk
from reverse_etl.audit import events
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from reverse_etl.models import State
from reverse_etl.sagas import SagaState
from tests.reverse_etl.factories import CRM, PSA
from tests.reverse_etl.fakes import refused
from tests.reverse_etl.saga_factory import CHECKER, FACTS, MAKER, PROCESS, Desk, until, waiting

EDITOR = ("edith.editor", ["controller"])
MACHINES = ("service:concord", "policy:concord", "worker:host:1:0", "", " ")


def dead_project(desk: Desk) -> tuple[str, str]:
    """A saga whose project was refused by the vendor, before the saga has noticed; its key and the dead letter."""
    key = desk.start(customer="9")
    until(desk, key, "project")
    lost = waiting(desk, "workspace").correction_id
    desk.outbox.approve(lost, *CHECKER)
    desk.vendors[PSA].fail("write", refused(PSA))
    dispatch(desk.outbox, desk.vendors)
    assert desk.outbox.show(lost).correction.state is State.DEAD_LETTERED
    return key, lost


def before_connection(engine: sa.Engine, number: int, act: Callable[[], object]) -> None:
    """Let somebody else act just before the connection of that number is taken, once."""
    count = 0

    def taken(*_: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            act()

    sa.event.listen(engine, "checkout", taken)


def test_an_edited_dead_letter_is_the_step_of_its_saga_from_then_on(desk: Desk) -> None:
    key, lost = dead_project(desk)
    edited = dead_letters.edit(desk.outbox, lost, {"title": "Shorter"}, *EDITOR, "too long for the vendor")
    assert desk.saga(key).step("project").correction_id == edited.correction_id
    assert desk.turns(key) is SagaState.COMPLETED
    project = desk.saga(key).result("project")
    assert desk.vendors[PSA].value("workspace", str(project), "title") == "Shorter"
    assert len([name for name, _ in desk.vendors[PSA].records if name == "workspace"]) == 1


@pytest.mark.parametrize("number", range(1, 7))
def test_a_replay_at_any_moment_and_the_saga_agree_on_what_becomes_of_the_step(
    desk: Desk, number: int
) -> None:
    key, lost = dead_project(desk)
    said: list[str] = []

    def replay() -> None:
        try:
            said.append(desk.outbox.replay(lost, *CHECKER).state)
        except Exception as error:  # the saga was quicker and has closed it
            said.append(type(error).__name__)

    before_connection(desk.outbox.engine, number, replay)
    desk.sagas.advance()
    end = desk.turns(key)
    made = [name for name, _ in desk.vendors[PSA].records if name == "workspace"]
    assert said in (["approved"], ["IllegalTransitionError"])
    assert (end, len(made)) == (
        (SagaState.COMPLETED, 1) if said == ["approved"] else (SagaState.COMPENSATED, 0)
    )


def test_a_write_that_may_have_reached_the_vendor_is_looked_at_before_the_saga_turns_back(desk: Desk) -> None:
    key = desk.start(customer="9")
    until(desk, key, "project")
    made = waiting(desk, "workspace").correction_id
    desk.outbox.approve(made, *CHECKER)
    desk.vendors[PSA].fail("write", UnknownOutcomeError("reply lost.", instance=PSA), after_commit=True)
    dispatch(desk.outbox, desk.vendors)
    desk.outbox.wall.now += timedelta(hours=1)
    desk.vendors[PSA].fail("find", refused(PSA))
    dispatch(desk.outbox, desk.vendors)
    assert desk.outbox.show(made).correction.state is State.DEAD_LETTERED
    desk.sagas.advance()
    assert desk.states(key)["project"] == "open", "the project may be there: nobody knows yet"
    desk.outbox.replay(made, *CHECKER)
    assert desk.turns(key) is SagaState.COMPLETED
    assert len([name for name, _ in desk.vendors[PSA].records if name == "workspace"]) == 1


@pytest.mark.parametrize("number", range(1, 9))
def test_a_saga_that_is_cancelled_at_any_moment_leaves_no_proposal_behind(desk: Desk, number: int) -> None:
    key = desk.start(customer="9")

    def cancel() -> None:
        saga_desk.cancel(desk.outbox, key, PROCESS, *MAKER, "the client withdrew")

    before_connection(desk.outbox.engine, number, cancel)
    desk.sagas.advance()
    assert desk.turns(key) is SagaState.COMPENSATED
    desk.turns(key, times=2)
    assert desk.vendors[CRM].value("account", "001A", "legal_name") == "Acme"
    assert {item.state for item in desk.outbox.list()} <= {State.EXPIRED, State.ROLLED_BACK, State.DELIVERED}


@pytest.mark.parametrize("number", range(1, 7))
def test_an_edit_at_any_moment_and_the_saga_agree_on_what_becomes_of_the_step(
    desk: Desk, number: int
) -> None:
    key, lost = dead_project(desk)
    said: list[str] = []
    before_connection(desk.outbox.engine, number, lambda: desk.sagas.advance())
    try:
        said.append(dead_letters.edit(desk.outbox, lost, {"title": "Shorter"}, *EDITOR, "too long").state)
    except (IllegalTransitionError, NotAllowedError) as error:
        said.append(type(error).__name__)
    end = desk.turns(key)
    made = [name for name, _ in desk.vendors[PSA].records if name == "workspace"]
    assert (end, len(made)) == (
        (SagaState.COMPLETED, 1) if said == ["proposed"] else (SagaState.COMPENSATED, 0)
    )


@pytest.mark.parametrize("machine", MACHINES)
def test_no_machine_starts_answers_cancels_or_retries(desk: Desk, machine: str) -> None:
    roles = ["delivery_operations", "controller"]
    with pytest.raises(NotAllowedError, match="not a person"):
        saga_desk.start(desk.outbox, PROCESS, "deal-1", FACTS, machine, roles, {"hours": "40"})
    key = desk.start()
    desk.turn()
    assert desk.states(key)["customer"] == "open"
    before = list(events(desk.outbox.engine))
    with pytest.raises(NotAllowedError, match="not a person"):
        saga_desk.answer(desk.outbox, key, "customer", "700", machine, roles)
    for turn in (saga_desk.cancel, saga_desk.retry):
        with pytest.raises(NotAllowedError, match="not a person"):
            turn(desk.outbox, key, PROCESS, machine, roles, "because")
    assert list(events(desk.outbox.engine)) == before
