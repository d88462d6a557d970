"""Sagas as data, and the pure decision what a saga does next.

A saga moves forward step by step. When a step fails, what was done is taken back in reverse order, each by a correction
of its own; when that fails too, the saga is stuck and a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from config.sagas import Step
from reverse_etl.models import State


class SagaState(StrEnum):
    """Where a saga stands."""

    REFUSED = "refused"
    RUNNING = "running"
    COMPLETED = "completed"
    VERIFIED = "verified"
    COMPENSATING = "compensating"
    COMPENSATED = "compensated"
    STUCK = "stuck"


class StepState(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    UNDO_OPEN = "undo_open"
    UNDONE = "undone"
    NOTHING_TO_UNDO = "nothing_to_undo"
    UNDO_FAILED = "undo_failed"


ACTIVE_STATES = (SagaState.RUNNING, SagaState.COMPENSATING)
_FINISHED = (StepState.DONE, StepState.SKIPPED)
_APPLIED = (State.DELIVERED, State.VERIFIED)
LOST = (
    State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.CONFLICTED, State.DEAD_LETTERED, State.ROLLED_BACK,
)  # fmt: skip
RECALLABLE = (None, State.PROPOSED, State.APPROVED)


@dataclass(frozen=True, kw_only=True)
class SagaStep:
    """One step of one saga, with its definition as it was when the saga started."""

    step_id: str
    position: int
    definition: Step
    facts: Mapping[str, str | None]
    """Facts of the item, in a step that is repeated per item."""
    after: tuple[str, ...]
    state: StepState
    state_reason: str | None = None
    correction_id: str | None = None
    undo_correction_id: str | None = None
    result: str | None = None
    """Id of the record it created or changed, or a person's answer."""
    correction_state: State | None = None
    undo_state: State | None = None
    is_unresolved: bool = False
    """Its correction is not applied, and nobody knows whether a write of it reached the vendor: the dispatcher or a
    person has to look."""


@dataclass(frozen=True, kw_only=True)
class Saga:
    """One saga with its steps in order."""

    saga_key: str
    process_id: str
    process_name: str
    trigger_key: str
    title: str
    state: SagaState
    state_reason: str | None
    facts: Mapping[str, str | None]
    started_by: str
    started_at: datetime
    updated_at: datetime
    steps: tuple[SagaStep, ...]

    @property
    def steps_done(self) -> int:
        """How many steps are done or had nothing to do."""
        return sum(step.state in _FINISHED for step in self.steps)

    def step(self, step_id: str) -> SagaStep:
        """The step of that id. Raises LookupError."""
        for step in self.steps:
            if step.step_id == step_id:
                return step
        raise LookupError(f"saga {self.saga_key} has no step {step_id}")

    def result(self, step_id: str) -> str | None:
        """What a step gave, or ``None`` when it was skipped or has not given anything."""
        return self.step(step_id).result


@dataclass(frozen=True, kw_only=True)
class Action:
    """What to do next; exactly one thing, so that a kill between two loses nothing."""

    kind: Literal[
        "begin", "complete", "fail", "turn_back", "withdraw", "begin_undo", "undone", "undo_failed", "finish"
    ]
    step_id: str | None = None
    to: SagaState | None = None


def next_action(state: SagaState, steps: Sequence[SagaStep]) -> Action | None:
    """The one thing to do now, or ``None`` when the saga has ended or waits for a person or a vendor."""
    if state is SagaState.RUNNING:
        return _forward(steps)
    if state is SagaState.COMPENSATING:
        return _backward(steps)
    return None


def _forward(steps: Sequence[SagaStep]) -> Action | None:
    for step in steps:
        settled = _settle(step)
        if settled:
            return settled
    if any(step.state is StepState.FAILED for step in steps):
        return Action(kind="turn_back")
    finished = {step.step_id for step in steps if step.state in _FINISHED}
    for step in steps:
        if step.state is StepState.PENDING and finished.issuperset(step.after):
            return Action(kind="begin", step_id=step.step_id)
    if len(finished) == len(steps):
        return Action(kind="finish", to=SagaState.COMPLETED)
    return None


def _settle(step: SagaStep) -> Action | None:
    if step.state is not StepState.OPEN:
        return None
    if step.correction_state in _APPLIED:
        return Action(kind="complete", step_id=step.step_id)
    if step.correction_state in LOST and not step.is_unresolved:
        return Action(kind="fail", step_id=step.step_id)
    return None


def _backward(steps: Sequence[SagaStep]) -> Action | None:
    is_waiting = False
    for step in steps:
        if step.state is StepState.OPEN:
            settled = _settle(step)
            if settled:
                return settled
            if step.correction_state in RECALLABLE and not step.is_unresolved:
                return Action(kind="withdraw", step_id=step.step_id)
            is_waiting = True  # in flight, or sent before and unseen: only the vendor knows
    for step in steps:
        if step.state is StepState.UNDO_OPEN:
            if step.undo_state in _APPLIED:
                return Action(kind="undone", step_id=step.step_id)
            if step.undo_state in LOST:
                return Action(kind="undo_failed", step_id=step.step_id)
            is_waiting = True
    if is_waiting:
        return None
    return _next_undo(steps)


def _next_undo(steps: Sequence[SagaStep]) -> Action:
    if any(step.state is StepState.UNDO_FAILED for step in steps):
        return Action(kind="finish", to=SagaState.STUCK)
    for step in reversed(steps):
        if step.state is StepState.DONE:
            return Action(kind="begin_undo", step_id=step.step_id)
    return Action(kind="finish", to=SagaState.COMPENSATED)
