"""The ledger and the vendors as the steps of sagas need them: one transaction per action; vendors are only read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa

from config.sagas import StepCorrection, StepEvent
from connectors.errors import NotFoundError, PermanentError, UnauthorizedError, ValidationError
from reverse_etl import saga_store as store
from reverse_etl import saga_values as values
from reverse_etl.destinations.base import Destination, Value
from reverse_etl.errors import IllegalTransitionError, SagaMovedError, SagaValueError
from reverse_etl.events import log
from reverse_etl.events.corrections import SOURCE
from reverse_etl.events.types import SAGA_TOLD, SagaTold
from reverse_etl.ledger import reading, writing
from reverse_etl.models import SERVICE_ACTOR, Correction, Proposal
from reverse_etl.outbox import Outbox
from reverse_etl.proposing import Then
from reverse_etl.saga_store import Mark
from reverse_etl.sagas import LOST, Saga, SagaStep, StepState
from reverse_etl.store import get as get_correction
from reverse_etl.store import latest_by_key
from reverse_etl.values import digest

REFUSED = (NotFoundError, PermanentError, ValidationError)
"""What a vendor answers when it will answer the same again."""


def mark_of(outbox: Outbox, actor: str) -> Mark:
    """Who, now, under the present policy."""
    return Mark(actor=actor, now=outbox.clock(), policy_version=outbox.policy.version)


class SagaAccess:
    """One ledger, and the vendors that are read to show an approver what a record holds now."""

    def __init__(self, outbox: Outbox, destinations: Mapping[str, Destination]) -> None:
        self.outbox = outbox
        self._destinations = destinations

    def move_step(
        self, saga: Saga, step: SagaStep, to: StepState, words: str | None, **facts: str | None
    ) -> None:
        """Take a step to another state and nothing else. Raises `SagaMovedError` when somebody was quicker."""
        with self.writing() as (connection, mark):
            store.move_step(connection, saga, step, to, mark, words, **facts)

    @contextmanager
    def writing(self) -> Iterator[tuple[sa.Connection, Mark]]:
        """One action's transaction, with who takes it and when."""
        with writing(self.outbox.engine) as connection:
            yield connection, mark_of(self.outbox, SERVICE_ACTOR)

    def say(self, saga: Saga, step: SagaStep, event: StepEvent, to: StepState) -> None:
        """Tell subscribers of the step's event, and take the step to its state with it."""
        data = {name: values.resolve(source, saga, step) for name, source in event.data.items()}
        with self.writing() as (connection, mark):
            _tell(connection, saga, event.type, data, mark)
            store.move_step(connection, saga, step, to, mark, event.type)

    def live(self, saga: Saga, step: SagaStep, part: StepCorrection) -> Mapping[str, Value]:
        """What the vendor holds now, for the fields whose seen value is not a fact."""
        fields = values.unread_fields(part)
        if not fields or part.record is None:
            return {}
        instance = values.needed(part.instance, saga, step, "the instance")
        record = values.needed(part.record, saga, step, "the record")
        return self.destination(instance).read(part.object, record, fields).values

    def destination(self, instance: str) -> Destination:
        """An instance's vendor. Raises `SagaValueError` when there is none, `UnauthorizedError` without sign-in."""
        if instance not in self._destinations:
            raise SagaValueError(
                f"instance {instance} cannot be written to.", hint="add it to config/estate.yml, start again."
            )
        try:
            return self._destinations[instance]
        except LookupError as error:
            raise UnauthorizedError(
                f"it cannot be signed in to: {error}", instance=instance, hint="set its credentials."
            ) from error

    def latest(self, key: str, besides: str | None) -> Correction | None:
        """What somebody else has proposed under the key."""
        with reading(self.outbox.engine) as connection:
            found = latest_by_key(connection, [key]).get(key)
        return None if found is None or found.correction_id == besides else found

    def lost(self, connection: sa.Connection, saga: Saga, correction_id: str | None) -> Correction:
        """A correction that cannot go on, read again: a person may have replayed or edited it since the last look."""
        found = get_correction(connection, str(correction_id))
        if found.state not in LOST:
            raise store.moved_on(saga.saga_key)
        return found

    def enter(self, wanted: Proposal, then: Then) -> None:
        """Propose a correction and let its step follow it, or neither.

        Raises `SagaMovedError` when somebody moved the saga, or the record has a correction that is under way.
        """
        try:
            self.outbox.propose_one(wanted, then=then)
        except IllegalTransitionError as error:
            raise SagaMovedError(error.message, hint="the next call takes it up.") from error

    def follow(self, saga: Saga, step: SagaStep) -> Then:
        """The step is open and waits for the correction, in the transaction that proposes it."""

        def then(connection: sa.Connection, made: Correction) -> None:
            mark, facts = mark_of(self.outbox, SERVICE_ACTOR), {"correction_id": made.correction_id}
            store.move_step(connection, saga, step, StepState.OPEN, mark, made.reason, **facts)

        return then

    def follow_undo(self, saga: Saga, step: SagaStep) -> Then:
        """The step waits for the correction that takes it back, in the transaction that proposes it."""

        def then(connection: sa.Connection, made: Correction) -> None:
            mark, words = mark_of(self.outbox, SERVICE_ACTOR), f"to be taken back by {made.correction_id}"
            facts = {"undo_correction_id": made.correction_id}
            store.move_step(connection, saga, step, StepState.UNDO_OPEN, mark, words, **facts)

        return then


def lost_words(lost: Correction) -> str:
    """Why a step cannot go on."""
    return f"correction {lost.correction_id} is {lost.state}: {lost.state_reason or 'no reason given'}"


def _tell(
    connection: sa.Connection, saga: Saga, told: str, facts: Mapping[str, str | None], mark: Mark
) -> None:
    """Tell subscribers and the audit trail, once per saga, in the caller's transaction."""
    store.tell(connection, saga, "saga_event", mark, told, {"type": told, "data": dict(facts)})
    data = SagaTold(
        saga_key=saga.saga_key,
        process_id=saga.process_id,
        process_name=saga.process_name,
        trigger_key=saga.trigger_key,
        told=told,
        facts=dict(facts),
    )
    new = log.NewEvent(
        event_id=digest({"saga": saga.saga_key, "told": told}),
        type=SAGA_TOLD,
        source=SOURCE,
        subject=saga.saga_key,
        occurred_at=mark.now,
        data=data,
    )
    log.record(connection, [new], mark.now)
