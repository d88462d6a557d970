"""What must hold for sagas after every run. Each function yields words about what broke."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from reverse_etl import audit, saga_store
from reverse_etl.ledger import reading
from reverse_etl.models import State
from reverse_etl.sagas import ACTIVE_STATES, Saga, SagaState, SagaStep, StepState
from tests.chaos.firm import PEOPLE
from tests.chaos.simulation import Run

_TAKEN_BACK = (StepState.UNDONE, StepState.NOTHING_TO_UNDO)
_APPLIED = (State.DELIVERED, State.VERIFIED)


def every_saga_comes_to_an_end(run: Run) -> Iterator[str]:
    """When all is well every saga ends; one that is stuck says what to do, one that is complete has every step."""
    for saga in _sagas(run):
        if saga.state in ACTIVE_STATES:
            yield f"{saga.saga_key} is still {saga.state} after everything settled: {_steps(saga)}"
        if saga.state is SagaState.STUCK and "What to do:" not in (saga.state_reason or ""):
            yield f"{saga.saga_key} is stuck and does not say what to do"
        is_complete = saga.state in (SagaState.COMPLETED, SagaState.VERIFIED)
        if is_complete and saga.steps_done != len(saga.steps):
            yield f"{saga.saga_key} is {saga.state} with {_steps(saga)}"


def no_effect_outlives_its_saga(run: Run) -> Iterator[str]:
    """Whatever a saga wrote is one of its steps, and is taken back when the saga is; in reverse order, told once."""
    sagas = _sagas(run)
    steps = {step.correction_id: (saga, step) for saga in sagas for step in saga.steps if step.correction_id}
    for key in _authors(run):
        item = run.outbox.show(key.removeprefix("concord-")).correction
        if item.kind != "saga":
            continue
        if item.correction_id not in steps:
            yield f"{item.correction_id} took effect and belongs to no step of a saga"
            continue
        if not _is_dropped(run, item.correction_id):
            yield from _outliving(*steps[item.correction_id], item.state)
    for saga in sagas:
        yield from _out_of_order(run, saga)


def _authors(run: Run) -> set[str]:
    return {c.author for v in run.firm.vendors.values() for c in v.history if c.author.startswith("concord-")}


def _is_dropped(run: Run, correction_id: str) -> bool:
    """A person has looked at it and dropped it, with a reason."""
    last = [e for e in audit.events(run.outbox.engine, correction_id) if e.to_state == State.REJECTED]
    return any(e.event == "rejected" and e.actor in PEOPLE for e in last)


def _outliving(saga: Saga, step: SagaStep, state: State) -> Iterator[str]:
    if saga.state is not SagaState.COMPENSATED:
        return
    # a person may have rolled it back before the saga had seen that it was delivered
    if step.state not in _TAKEN_BACK and state is not State.ROLLED_BACK:
        yield f"{saga.saga_key} is compensated; {step.step_id} took effect and is {step.state} ({state})"
    if step.state is StepState.UNDONE and state in _APPLIED:
        yield f"{saga.saga_key} is compensated; {step.step_id} says undone and is {state}"


def _out_of_order(run: Run, saga: Saga) -> Iterator[str]:
    mine = [e for e in audit.events(run.outbox.engine) if e.detail.get("saga") == saga.saga_key]
    undone = [str(e.detail["step"]) for e in mine if e.event == "saga_step" and e.to_state in _TAKEN_BACK]
    places = [saga.step(step_id).position for step_id in undone]
    if places != sorted(places, reverse=True):
        yield f"{saga.saga_key} was taken back in the order {undone}"
    told = [e.reason for e in mine if e.event == "saga_event"]
    if len(told) != len(set(told)):
        yield f"{saga.saga_key} told {told}"


def untold_steps(run: Run) -> Iterator[str]:
    """Each change of a step that the database saw is in the trail, in order."""
    told = [
        (str(e.detail["saga"]), str(e.detail["step"]), e.from_state, e.to_state)
        for e in audit.events(run.outbox.engine)
        if e.event == "saga_step" and e.from_state != e.to_state
    ]
    query = sa.text("SELECT saga_key, step_id, from_state, to_state FROM witness_step ORDER BY number")
    with reading(run.outbox.engine) as connection:
        seen = [tuple(row) for row in connection.execute(query)]
    if told != seen:
        yield f"steps went {seen}, the trail tells {told}"


def _sagas(run: Run) -> list[Saga]:
    with reading(run.outbox.engine) as connection:
        return saga_store.find(connection, limit=1_000)


def _steps(saga: Saga) -> str:
    return ", ".join(f"{s.step_id} {s.state} ({s.correction_state}, {s.undo_state})" for s in saga.steps)
