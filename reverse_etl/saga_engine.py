"""Drives sagas: proposes their corrections one step at a time, follows them, takes back what must not stay, and proves.

One transaction per action, and every correction has a key of its own, so a process that dies anywhere resumes with the
next call and does nothing twice. Vendors are only read here; writing is the dispatcher's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import ConnectorError
from reverse_etl import saga_store as store
from reverse_etl.destinations.base import Destination
from reverse_etl.errors import IllegalTransitionError, LeaseLostError, SagaMovedError, SagaValueError
from reverse_etl.ledger import reading
from reverse_etl.models import State
from reverse_etl.outbox import Outbox
from reverse_etl.saga_access import SagaAccess
from reverse_etl.saga_back import Back
from reverse_etl.saga_forward import Forward
from reverse_etl.sagas import ACTIVE_STATES, Action, Saga, SagaState, SagaStep, StepState, next_action
from reverse_etl.values import same

_OVERTAKEN = (SagaMovedError, IllegalTransitionError, LeaseLostError)


@dataclass(kw_only=True)
class SagaReport:
    """What one call moved."""

    completed: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    compensated: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    """Saga key -> what it could not do this time, and will try again."""


class Sagas:
    """The sagas of one ledger. `destinations` are read to show an approver what a record holds now."""

    def __init__(self, outbox: Outbox, destinations: Mapping[str, Destination] | None = None) -> None:
        self.outbox = outbox
        self._at = SagaAccess(outbox, destinations or {})
        self._forward, self._back = Forward(self._at), Back(self._at)

    def advance(self) -> SagaReport:
        """Move every active saga as far as it goes now. One that cannot go on does not stop the others."""
        report = SagaReport()
        with reading(self.outbox.engine) as connection:
            active = store.keys(connection, ACTIVE_STATES)
        for saga_key in active:
            self.advance_saga(saga_key, report)
        return report

    def advance_saga(self, saga_key: str, report: SagaReport) -> None:
        """Move one saga as far as it goes now; what it could not do is in the report, to be tried again."""
        try:
            while self.advance_one(saga_key, report):
                pass
        except (ConnectorError, *_OVERTAKEN) as error:
            report.waiting[saga_key] = str(error)

    def advance_one(self, saga_key: str, report: SagaReport | None = None) -> Action | None:
        """Take the next action of one saga, or ``None`` when there is none now.

        Raises `ConnectorError` when a vendor could not be read just now.
        """
        with reading(self.outbox.engine) as connection:
            saga = store.get(connection, saga_key)
        action = next_action(saga.state, saga.steps)
        if action is not None:
            self._take(saga, action)
            _note(report or SagaReport(), saga, action)
        return action

    def _take(self, saga: Saga, action: Action) -> None:
        if action.kind == "finish":
            self._finish(saga, action.to or SagaState.STUCK)
        elif action.kind == "turn_back":
            with self._at.writing() as (connection, mark):
                words = _why_back(saga)
                store.move(connection, saga, SagaState.COMPENSATING, mark, words, "saga_turned_back")
        else:
            self._take_step(saga, saga.step(str(action.step_id)), action)

    def _take_step(self, saga: Saga, step: SagaStep, action: Action) -> None:
        if action.kind == "begin":
            self._forward.begin(saga, step)
        elif action.kind == "begin_undo":
            self._back.begin(saga, step)
        elif action.kind == "complete":
            self._forward.complete(saga, step)
        elif action.kind == "fail":
            self._forward.fail(saga, step)
        elif action.kind == "withdraw":
            self._forward.withdraw(saga, step)
        elif action.kind == "undone":
            self._at.move_step(saga, step, StepState.UNDONE, "taken back")
        else:
            self._back.failed(saga, step)

    def _finish(self, saga: Saga, to: SagaState) -> None:
        words = saga.state_reason
        if to is SagaState.STUCK:
            failed = [step for step in saga.steps if step.state is StepState.UNDO_FAILED]
            words = "; ".join(
                f"{step.step_id} could not be taken back: {step.state_reason}" for step in failed
            )
            words += f". What to do: repair it in the vendor, then `concord sagas retry {saga.saga_key}`"
        with self._at.writing() as (connection, mark):
            store.move(connection, saga, to, mark, words, f"saga_{to}")

    # ---- prove --------------------------------------------------------------------------------

    def verify(self) -> SagaReport:
        """Prove what ended sagas wrote, by reading the vendor once more.

        A completed saga whose every correction is proved is verified; one whose record reads otherwise stays
        completed and says what it found.
        """
        report = SagaReport()
        ended = (SagaState.COMPLETED, SagaState.COMPENSATED)
        with reading(self.outbox.engine) as connection:
            saga_keys = store.unproved(connection, ended)
        for saga_key in saga_keys:
            try:
                self._prove(saga_key, report)
            except (ConnectorError, SagaValueError, *_OVERTAKEN) as error:
                report.waiting[saga_key] = str(error)
        return report

    def _prove(self, saga_key: str, report: SagaReport) -> None:
        with reading(self.outbox.engine) as connection:
            saga = store.get(connection, saga_key)
        differences = [words for step in saga.steps for words in self._differences(step)]
        if differences:
            report.waiting[saga_key] = "; ".join(differences)
        elif saga.state is SagaState.COMPLETED:
            with self._at.writing() as (connection, mark):
                words = "every system was read again and holds what was written"
                store.move(connection, saga, SagaState.VERIFIED, mark, words, "saga_verified")
            report.verified.append(saga_key)

    def _differences(self, step: SagaStep) -> Iterator[str]:
        for correction_id, state in (
            (step.correction_id, step.correction_state),
            (step.undo_correction_id, step.undo_state),
        ):
            if correction_id is not None and state is State.DELIVERED:
                yield from self._difference(step, correction_id)

    def _difference(self, step: SagaStep, correction_id: str) -> Iterator[str]:
        item = self.outbox.show(correction_id).correction
        record = item.target_record_id or item.created_record_id
        fields = [change.field for change in item.changes]
        held = self._at.destination(item.target_instance).read(item.target_object, str(record), fields).values
        other = [change.field for change in item.changes if not same(held[change.field], change.new)]
        if other:
            yield f"step {step.step_id}: {', '.join(other)} of {item.target_object} {record} reads otherwise now"
        else:
            self.outbox.confirm(correction_id, f"{item.target_instance} was read again and holds the values")


def _why_back(saga: Saga) -> str:
    failed = [step for step in saga.steps if step.state is StepState.FAILED]
    return "; ".join(f"step {step.step_id} failed: {step.state_reason}" for step in failed)


def _note(report: SagaReport, saga: Saga, action: Action) -> None:
    if action.kind == "finish":
        lists: dict[Any, list[str]] = {
            SagaState.COMPLETED: report.completed,
            SagaState.COMPENSATED: report.compensated,
            SagaState.STUCK: report.stuck,
        }
        lists[action.to].append(saga.saga_key)
