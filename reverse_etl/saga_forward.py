"""The steps of a saga on its way forward: propose, ask, tell, and take note of what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from config.sagas import StepCorrection
from connectors.errors import UnauthorizedError
from reverse_etl import claims
from reverse_etl import saga_store as store
from reverse_etl import saga_values as values
from reverse_etl.destinations.base import Value
from reverse_etl.errors import InvalidProposalError, SagaValueError
from reverse_etl.models import SERVICE_ACTOR, Proposal, State
from reverse_etl.recorder import Recorder
from reverse_etl.saga_access import REFUSED, SagaAccess, lost_words
from reverse_etl.sagas import Saga, SagaStep, StepState
from reverse_etl.store import get as get_correction
from reverse_etl.values import same


class Forward:
    """Takes a step forward, each action in one transaction."""

    def __init__(self, access: SagaAccess) -> None:
        self._at = access
        self._recorder = Recorder(access.outbox.policy, access.outbox.clock)

    def begin(self, saga: Saga, step: SagaStep) -> None:
        try:
            if step.definition.request is not None:
                self._ask(saga, step)
            elif step.definition.event is not None:
                self._at.say(saga, step, step.definition.event, StepState.DONE)
            elif step.definition.correction is not None:
                self._propose(saga, step, step.definition.correction)
        except UnauthorizedError:
            raise  # says nothing about the step: credentials are set, and it goes on
        except (SagaValueError, InvalidProposalError, *REFUSED) as error:
            self._at.move_step(saga, step, StepState.FAILED, str(error))

    def _ask(self, saga: Saga, step: SagaStep) -> None:
        request = step.definition.request
        assert request is not None
        if request.unless is not None and saga.facts.get(request.unless) is not None:
            self._at.move_step(saga, step, StepState.SKIPPED, f"{request.unless} is known")
            return
        question = values.fill(request.question, saga.facts, step.step_id)
        self._at.move_step(
            saga, step, StepState.OPEN, f"{question} (to be answered by: {', '.join(request.roles)})"
        )

    def _propose(self, saga: Saga, step: SagaStep, part: StepCorrection) -> None:
        live = self._at.live(saga, step, part)
        changes = values.changes_of(part, saga, step, live)
        wanted = values.proposal(part, saga, step, changes, key=f"saga|{saga.saga_key}|{step.step_id}")
        if part.operation == "update" and _is_there(wanted, live):
            words = f"{part.system} holds it already"
            self._at.move_step(saga, step, StepState.SKIPPED, words, result=wanted.target_record_id)
            return
        self._at.enter(wanted, self._at.follow(saga, step))

    def complete(self, saga: Saga, step: SagaStep) -> None:
        with self._at.writing() as (connection, mark):
            done = get_correction(connection, str(step.correction_id))
            result = done.created_record_id or done.target_record_id
            store.move_step(connection, saga, step, StepState.DONE, mark, None, result=result)

    def fail(self, saga: Saga, step: SagaStep) -> None:
        """Record why, and close what could be sent again: a later replay would undo the compensation."""
        with self._at.writing() as (connection, mark):
            lost = self._at.lost(connection, saga, step.correction_id)
            if store.is_unresolved(connection, lost.correction_id, lost.state):
                raise store.moved_on(saga.saga_key)
            if lost.state in (State.CONFLICTED, State.DEAD_LETTERED):
                reason = f"its saga {saga.saga_key} turns back"
                self._recorder.move(
                    connection, lost.correction_id, State.REJECTED, "withdrawn", SERVICE_ACTOR, reason
                )
            store.move_step(connection, saga, step, StepState.FAILED, mark, lost_words(lost))

    def withdraw(self, saga: Saga, step: SagaStep) -> None:
        words = f"saga {saga.saga_key} turns back"
        with self._at.writing() as (connection, mark):
            if step.correction_id is not None:
                if claims.earlier_writes(connection, step.correction_id).is_unresolved:
                    raise store.moved_on(saga.saga_key)
                self._recorder.move(
                    connection, step.correction_id, State.EXPIRED, "withdrawn", SERVICE_ACTOR, words
                )
            store.move_step(connection, saga, step, StepState.WITHDRAWN, mark, words)


def _is_there(wanted: Proposal, live: Mapping[str, Value]) -> bool:
    return len(live) == len(wanted.changes) and all(same(live[c.field], c.new) for c in wanted.changes)
