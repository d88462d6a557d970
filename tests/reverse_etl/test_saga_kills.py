"""Sagas killed at every commit, and the pure decision whatever becomes of their corrections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from reverse_etl.audit import events, verify_chain
from reverse_etl.delivery import LEASE
from reverse_etl.ledger import open_ledger
from reverse_etl.models import Filter, State
from reverse_etl.outbox import Outbox
from reverse_etl.saga_engine import Sagas
from reverse_etl.sagas import SagaState, SagaStep, StepState, next_action
from tests.reverse_etl.factories import CRM, ERP, PSA, START
from tests.reverse_etl.fakes import FakeVendor, TickingClock, refused
from tests.reverse_etl.ledgers import Blueprints
from tests.reverse_etl.saga_factory import (
    PROCESS,
    Desk,
    saga_governance,
)


class Killed(BaseException):
    """The process dies here."""


def _ledger(url: str) -> sa.Engine:
    """A ledger that waits for no disk, as nothing here dies but the process."""
    engine = open_ledger(url)
    engine.dispose()
    if engine.dialect.name == "sqlite":
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
        outbox = Outbox(engine, saga_governance(), clock, wall=wall)  # a new process: nothing is remembered
        desk = Desk(outbox, Sagas(outbox, vendors), vendors)
        try:
            key = desk.start(customer="9")
            desk.turn()
        except Killed:
            wall.now += LEASE + timedelta(minutes=1)  # leases of the dead run out
            continue
        if desk.saga(key).state in (SagaState.COMPLETED, SagaState.COMPENSATED):
            break
        _look_at_dead_letters(outbox)
    assert key is not None
    sa.event.remove(engine, "commit", die)
    _look_at_dead_letters(outbox)
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


def _look_at_dead_letters(outbox: Outbox) -> None:
    """Somebody looks at the vendor and drops them: until then a write that died unseen holds the saga where it is."""
    for item in outbox.list(Filter(states=(State.DEAD_LETTERED,))):
        outbox.reject(item.correction_id, "mara", ["controller"], "looked: the vendor does not have it")


@pytest.mark.parametrize("refuse", [False, True], ids=["to the end", "and back"])
def test_a_saga_killed_at_a_commit_ends_as_one_that_was_not(
    blueprints: Blueprints, database: str, refuse: bool
) -> None:
    *expected, commits = _run_killed_at(_ledger(blueprints.new(database)), None, refuse=refuse)
    assert expected[0] is (SagaState.COMPENSATED if refuse else SagaState.COMPLETED)
    assert commits > 30
    stride = 3 if database == "sqlite" else 7
    for commit in range(2 if refuse else 1, commits + 1, stride):
        engine = _ledger(blueprints.new(database))
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
