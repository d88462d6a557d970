"""The steps of a saga on its way back: each is undone by a correction that is governed as all others."""

from __future__ import annotations

from connectors.errors import UnauthorizedError
from reverse_etl import saga_store as store
from reverse_etl import saga_values as values
from reverse_etl.authority import OPERATOR_ROLE
from reverse_etl.errors import (
    IllegalTransitionError,
    InvalidProposalError,
    NotAllowedError,
    SagaMovedError,
    SagaValueError,
)
from reverse_etl.models import Correction, State
from reverse_etl.saga_access import REFUSED, SagaAccess, lost_words
from reverse_etl.sagas import Saga, SagaStep, StepState


class Back:
    """Takes a step back, each action in one transaction."""

    def __init__(self, access: SagaAccess) -> None:
        self._at = access

    def begin(self, saga: Saga, step: SagaStep) -> None:
        undo = step.definition.undo
        try:
            if undo.nothing is not None:
                self._at.move_step(saga, step, StepState.NOTHING_TO_UNDO, undo.nothing)
            elif undo.event is not None:
                self._at.say(saga, step, undo.event, StepState.UNDONE)
            else:
                self._propose_undo(saga, step)
        except UnauthorizedError:
            raise
        except (SagaValueError, InvalidProposalError, NotAllowedError, *REFUSED) as error:
            self._at.move_step(saga, step, StepState.UNDO_FAILED, str(error))

    def _propose_undo(self, saga: Saga, step: SagaStep) -> None:
        done = self._at.outbox.show(str(step.correction_id)).correction
        if done.state is State.ROLLED_BACK:
            self._at.move_step(saga, step, StepState.UNDONE, "a person has rolled it back already")
            return
        part = step.definition.undo.correction
        if part is None and not all(change.is_before_known for change in done.changes):
            words = "the vendor held the values before; nothing was written"
            self._at.move_step(saga, step, StepState.NOTHING_TO_UNDO, words)
            return
        key = f"rollback|{done.correction_id}"
        asked = self._at.latest(key, besides=step.undo_correction_id)
        if asked is not None:
            words, undo_id = f"to be taken back by {asked.correction_id}", asked.correction_id
            self._at.move_step(saga, step, StepState.UNDO_OPEN, words, undo_correction_id=undo_id)
        elif part is None:
            self._restore(saga, step, done)
        else:
            changes = values.changes_of(part, saga, step, self._at.live(saga, step, part))
            undoes = done.correction_id
            wanted = values.proposal(part, saga, step, changes, key=key, kind="rollback", undoes=undoes)
            self._at.enter(wanted, self._at.follow_undo(saga, step))

    def _restore(self, saga: Saga, step: SagaStep, done: Correction) -> None:
        try:
            reason = f"saga {saga.saga_key} turns back"
            roles = (OPERATOR_ROLE,)  # asking is the engine's part; a person approves
            then = self._at.follow_undo(saga, step)
            self._at.outbox.rollback(done.correction_id, saga.started_by, reason, roles=roles, then=then)
        except IllegalTransitionError as error:
            raise SagaMovedError(error.message, hint="the next call takes it up.") from error

    def failed(self, saga: Saga, step: SagaStep) -> None:
        with self._at.writing() as (connection, mark):
            lost = self._at.lost(connection, saga, step.undo_correction_id)
            store.move_step(connection, saga, step, StepState.UNDO_FAILED, mark, lost_words(lost))
