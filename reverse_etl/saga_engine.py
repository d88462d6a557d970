"""Drives sagas: proposes their corrections one step at a time, follows them, and takes back what must not stay.

One transaction per action, and every correction has a key of its own, so a process that dies anywhere resumes with the
next call and does nothing twice. Vendors are only read here; writing is the dispatcher's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from config.sagas import Process, StepCorrection, StepEvent
from connectors.errors import (
    ConnectorError,
    NotFoundError,
    PermanentError,
    UnauthorizedError,
    ValidationError,
)
from reverse_etl import saga_store as store
from reverse_etl import saga_values as values
from reverse_etl.authority import OPERATOR_ROLE
from reverse_etl.destinations.base import Destination, Value
from reverse_etl.errors import (
    IllegalTransitionError,
    InvalidProposalError,
    LeaseLostError,
    NotAllowedError,
    SagaMovedError,
    SagaValueError,
)
from reverse_etl.events import log
from reverse_etl.events.corrections import SOURCE
from reverse_etl.events.types import SAGA_TOLD, SagaTold
from reverse_etl.ledger import reading, writing
from reverse_etl.models import SERVICE_ACTOR, Correction, Proposal, State
from reverse_etl.outbox import Outbox
from reverse_etl.recorder import Recorder
from reverse_etl.saga_store import Mark
from reverse_etl.sagas import ACTIVE_STATES, Action, Saga, SagaState, SagaStep, StepState, next_action
from reverse_etl.store import get as get_correction
from reverse_etl.store import latest_by_key
from reverse_etl.values import digest, same

Facts = Mapping[str, str | None]
_REFUSED = (NotFoundError, PermanentError, ValidationError)
_OVERTAKEN = (SagaMovedError, IllegalTransitionError, LeaseLostError)


@dataclass(kw_only=True)
class SagaReport:
    """What one call moved."""

    started: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    compensated: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    """Saga key -> what it could not do this time, and will try again."""


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


class Sagas:
    """The sagas of one ledger. `destinations` are read to show an approver what a record holds now."""

    def __init__(self, outbox: Outbox, destinations: Mapping[str, Destination] | None = None) -> None:
        self.outbox = outbox
        self._destinations: Mapping[str, Destination] = destinations or {}
        self._recorder = Recorder(outbox.policy, outbox.clock)

    # ---- people -------------------------------------------------------------------------------

    def start(
        self,
        process: Process,
        trigger_key: str,
        facts: Facts,
        actor: str,
        roles: Sequence[str],
        inputs: Facts | None = None,
    ) -> Saga:
        """Start the process for one trigger; the same trigger starts once, and returns what was started.

        A process whose requirements are not met is recorded as refused, with all that is missing, and nothing is
        written anywhere; it may be started again. After a compensation a new start begins anew.
        Raises `NotAllowedError` for a role that may not start it, `SagaValueError` for an unknown input.
        """
        if not set(roles) & set(process.start_roles):
            raise NotAllowedError(
                f"{actor} holds none of the roles that start {process.name}.",
                hint=f"ask one of: {', '.join(process.start_roles)}.",
            )
        known = {**dict.fromkeys(i.name for i in process.inputs), **facts, **_given(process, inputs or {})}
        lacking = values.missing(process, known)
        with writing(self.outbox.engine) as connection:
            earlier = store.find(connection, process_id=process.id, trigger_key=trigger_key)
            if earlier and earlier[0].state not in (SagaState.REFUSED, SagaState.COMPENSATED):
                return earlier[0]
            new = self._new(process, trigger_key, known, actor, lacking, _attempt(earlier))
            store.insert(connection, new, self._mark(actor))
            return store.get(connection, new.saga_key)

    def _new(
        self, process: Process, trigger_key: str, facts: Facts, actor: str, lacking: list[str], attempt: int
    ) -> Saga:
        now = self.outbox.clock()
        suffix = f"#{attempt}" if attempt > 1 else ""
        return Saga(
            saga_key=f"{process.id}/{trigger_key}{suffix}",
            process_id=process.id,
            process_name=process.name,
            trigger_key=trigger_key,
            title=process.name if lacking else values.fill(process.title, facts, "title"),
            state=SagaState.REFUSED if lacking else SagaState.RUNNING,
            state_reason="; ".join(lacking) or None,
            facts=dict(facts),
            started_by=actor,
            started_at=now,
            updated_at=now,
            steps=() if lacking else values.new_steps(process, facts),
        )

    def answer(self, saga_key: str, step_id: str, answer: str, actor: str, roles: Sequence[str]) -> Saga:
        """Answer a request: `answer` is the id of the record the person made or found in the owning system."""
        with writing(self.outbox.engine) as connection:
            saga = store.get(connection, saga_key)
            step = _step(saga, step_id)
            request = step.definition.request
            if request is None or step.state is not StepState.OPEN or saga.state is not SagaState.RUNNING:
                raise IllegalTransitionError(
                    f"step {step_id} of saga {saga_key} waits for no answer.",
                    hint=f"`concord sagas show {saga_key}` tells what it waits for.",
                )
            if not answer.strip():
                raise NotAllowedError("an answer is the id of a record.", hint="give it: --value ID.")
            if not set(roles) & set(request.roles):
                raise NotAllowedError(
                    f"{actor} holds none of the roles that answer this.",
                    hint=f"ask one of: {', '.join(request.roles)}.",
                )
            mark = self._mark(actor)
            store.move_step(connection, saga, step, StepState.DONE, mark, "answered", result=answer.strip())
            return store.get(connection, saga_key)

    def cancel(self, saga_key: str, process: Process, actor: str, roles: Sequence[str], reason: str) -> Saga:
        """Stop a saga and take back what it did, by corrections that are governed as all others."""
        if not reason.strip():
            raise NotAllowedError("cancelling needs a reason.", hint="say why: --reason '...'.")
        return self._turn(saga_key, process, actor, roles, reason, SagaState.RUNNING, "saga_cancelled")

    def retry(self, saga_key: str, process: Process, actor: str, roles: Sequence[str], reason: str) -> Saga:
        """Let a stuck saga try its failed compensations again."""
        return self._turn(saga_key, process, actor, roles, reason, SagaState.STUCK, "saga_retried")

    def _turn(
        self,
        saga_key: str,
        process: Process,
        actor: str,
        roles: Sequence[str],
        reason: str,
        expected: SagaState,
        event: str,
    ) -> Saga:
        if not set(roles) & set(process.start_roles):
            raise NotAllowedError(
                f"{actor} holds none of the roles that decide about {process.name}.",
                hint=f"ask one of: {', '.join(process.start_roles)}.",
            )
        with writing(self.outbox.engine) as connection:
            saga = store.get(connection, saga_key)
            if saga.state is not expected:
                raise IllegalTransitionError(
                    f"saga {saga_key} is {saga.state}, not {expected}.",
                    hint=f"`concord sagas show {saga_key}` tells how it came to be {saga.state}.",
                )
            mark = self._mark(actor)
            for step in saga.steps:
                if step.state is StepState.UNDO_FAILED:
                    store.move_step(connection, saga, step, StepState.DONE, mark, reason)
            store.move(connection, saga, SagaState.COMPENSATING, mark, reason, event)
            return store.get(connection, saga_key)

    # ---- the engine ---------------------------------------------------------------------------

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
            with self._writing() as (connection, mark):
                words = _why_back(saga)
                store.move(connection, saga, SagaState.COMPENSATING, mark, words, "saga_turned_back")
        else:
            self._take_step(saga, saga.step(str(action.step_id)), action)

    def _take_step(self, saga: Saga, step: SagaStep, action: Action) -> None:
        if action.kind == "begin":
            self._begin(saga, step)
        elif action.kind == "begin_undo":
            self._begin_undo(saga, step)
        elif action.kind == "complete":
            self._complete(saga, step)
        elif action.kind == "fail":
            self._fail(saga, step)
        elif action.kind == "withdraw":
            self._withdraw(saga, step)
        elif action.kind == "undone":
            self._move_step(saga, step, StepState.UNDONE, "taken back")
        else:
            self._undo_failed(saga, step)

    def _finish(self, saga: Saga, to: SagaState) -> None:
        words = saga.state_reason
        if to is SagaState.STUCK:
            failed = [step for step in saga.steps if step.state is StepState.UNDO_FAILED]
            words = "; ".join(
                f"{step.step_id} could not be taken back: {step.state_reason}" for step in failed
            )
            words += f". What to do: repair it in the vendor, then `concord sagas retry {saga.saga_key}`"
        with self._writing() as (connection, mark):
            store.move(connection, saga, to, mark, words, f"saga_{to}")

    # ---- forward ------------------------------------------------------------------------------

    def _begin(self, saga: Saga, step: SagaStep) -> None:
        try:
            if step.definition.request is not None:
                self._ask(saga, step)
            elif step.definition.event is not None:
                self._say(saga, step, step.definition.event, StepState.DONE)
            elif step.definition.correction is not None:
                self._propose(saga, step, step.definition.correction)
        except UnauthorizedError:
            raise  # says nothing about the step: credentials are set, and it goes on
        except (SagaValueError, InvalidProposalError, *_REFUSED) as error:
            self._move_step(saga, step, StepState.FAILED, str(error))

    def _ask(self, saga: Saga, step: SagaStep) -> None:
        request = step.definition.request
        assert request is not None
        if request.unless is not None and saga.facts.get(request.unless) is not None:
            self._move_step(saga, step, StepState.SKIPPED, f"{request.unless} is known")
            return
        question = values.fill(request.question, saga.facts, step.step_id)
        self._move_step(
            saga, step, StepState.OPEN, f"{question} (to be answered by: {', '.join(request.roles)})"
        )

    def _say(self, saga: Saga, step: SagaStep, event: StepEvent, to: StepState) -> None:
        data = {name: values.resolve(source, saga, step) for name, source in event.data.items()}
        with self._writing() as (connection, mark):
            _tell(connection, saga, event.type, data, mark)
            store.move_step(connection, saga, step, to, mark, event.type)

    def _propose(self, saga: Saga, step: SagaStep, part: StepCorrection) -> None:
        key = f"saga|{saga.saga_key}|{step.step_id}"
        found = self._latest(key)
        if found is None:
            live = self._live(saga, step, part)
            changes = values.changes_of(part, saga, step, live)
            wanted = values.proposal(part, saga, step, changes, key=key)
            if part.operation == "update" and _is_there(wanted, live):
                words = f"{part.system} holds it already"
                self._move_step(saga, step, StepState.SKIPPED, words, result=wanted.target_record_id)
                return
            found = self._enter(wanted)
        self._move_step(saga, step, StepState.OPEN, found.reason, correction_id=found.correction_id)

    def _live(self, saga: Saga, step: SagaStep, part: StepCorrection) -> Mapping[str, Value]:
        """What the vendor holds now, for the fields whose seen value is not a fact."""
        fields = values.unread_fields(part)
        if not fields or part.record is None:
            return {}
        instance = values.needed(part.instance, saga, step, "the instance")
        record = values.needed(part.record, saga, step, "the record")
        return self._destination(instance).read(part.object, record, fields).values

    def _destination(self, instance: str) -> Destination:
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

    def _latest(self, key: str, besides: str | None = None) -> Correction | None:
        """What an earlier call proposed before it could note so."""
        with reading(self.outbox.engine) as connection:
            found = latest_by_key(connection, [key]).get(key)
        return None if found is None or found.correction_id == besides else found

    def _enter(self, wanted: Proposal) -> Correction:
        try:
            return self.outbox.propose_one(wanted)
        except IllegalTransitionError as error:
            raise SagaMovedError(error.message, hint="the next call takes it up.") from error

    def _complete(self, saga: Saga, step: SagaStep) -> None:
        with self._writing() as (connection, mark):
            done = get_correction(connection, str(step.correction_id))
            result = done.created_record_id or done.target_record_id
            store.move_step(connection, saga, step, StepState.DONE, mark, None, result=result)

    def _fail(self, saga: Saga, step: SagaStep) -> None:
        """Record why, and close what could be sent again: a later replay would undo the compensation."""
        with self._writing() as (connection, mark):
            lost = get_correction(connection, str(step.correction_id))
            words = (
                f"correction {lost.correction_id} is {lost.state}: {lost.state_reason or 'no reason given'}"
            )
            if lost.state in (State.CONFLICTED, State.DEAD_LETTERED):
                reason = f"its saga {saga.saga_key} turns back"
                self._recorder.move(
                    connection, lost.correction_id, State.REJECTED, "withdrawn", SERVICE_ACTOR, reason
                )
            store.move_step(connection, saga, step, StepState.FAILED, mark, words)

    def _withdraw(self, saga: Saga, step: SagaStep) -> None:
        words = f"saga {saga.saga_key} turns back"
        with self._writing() as (connection, mark):
            if step.correction_id is not None:
                self._recorder.move(
                    connection, step.correction_id, State.EXPIRED, "withdrawn", SERVICE_ACTOR, words
                )
            store.move_step(connection, saga, step, StepState.WITHDRAWN, mark, words)

    # ---- back ---------------------------------------------------------------------------------

    def _begin_undo(self, saga: Saga, step: SagaStep) -> None:
        undo = step.definition.undo
        try:
            if undo.nothing is not None:
                self._move_step(saga, step, StepState.NOTHING_TO_UNDO, undo.nothing)
            elif undo.event is not None:
                self._say(saga, step, undo.event, StepState.UNDONE)
            else:
                self._propose_undo(saga, step)
        except UnauthorizedError:
            raise
        except (SagaValueError, InvalidProposalError, NotAllowedError, *_REFUSED) as error:
            self._move_step(saga, step, StepState.UNDO_FAILED, str(error))

    def _propose_undo(self, saga: Saga, step: SagaStep) -> None:
        done = self.outbox.show(str(step.correction_id)).correction
        if done.state is State.ROLLED_BACK:
            self._move_step(saga, step, StepState.UNDONE, "a person has rolled it back already")
            return
        part = step.definition.undo.correction
        if part is None and not all(change.is_before_known for change in done.changes):
            words = "the vendor held the values before; nothing was written"
            self._move_step(saga, step, StepState.NOTHING_TO_UNDO, words)
            return
        key = f"rollback|{done.correction_id}"
        found = self._latest(key, besides=step.undo_correction_id)
        if found is None and part is None:
            found = self._restore(saga, done)
        elif found is None and part is not None:
            changes = values.changes_of(part, saga, step, self._live(saga, step, part))
            undoes = done.correction_id
            found = self._enter(
                values.proposal(part, saga, step, changes, key=key, kind="rollback", undoes=undoes)
            )
        assert found is not None
        words = f"to be taken back by {found.correction_id}"
        self._move_step(saga, step, StepState.UNDO_OPEN, words, undo_correction_id=found.correction_id)

    def _restore(self, saga: Saga, done: Correction) -> Correction:
        try:
            reason = f"saga {saga.saga_key} turns back"
            roles = (OPERATOR_ROLE,)  # asking is the engine's part; a person approves
            return self.outbox.rollback(done.correction_id, saga.started_by, reason, roles=roles)
        except IllegalTransitionError as error:
            raise SagaMovedError(error.message, hint="the next call takes it up.") from error

    def _undo_failed(self, saga: Saga, step: SagaStep) -> None:
        with self._writing() as (connection, mark):
            lost = get_correction(connection, str(step.undo_correction_id))
            words = (
                f"correction {lost.correction_id} is {lost.state}: {lost.state_reason or 'no reason given'}"
            )
            store.move_step(connection, saga, step, StepState.UNDO_FAILED, mark, words)

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
            with self._writing() as (connection, mark):
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
        held = self._destination(item.target_instance).read(item.target_object, str(record), fields).values
        other = [change.field for change in item.changes if not same(held[change.field], change.new)]
        if other:
            yield f"step {step.step_id}: {', '.join(other)} of {item.target_object} {record} reads otherwise now"
        else:
            self.outbox.confirm(correction_id, f"{item.target_instance} was read again and holds the values")

    # ---- ledger -------------------------------------------------------------------------------

    def _move_step(
        self, saga: Saga, step: SagaStep, to: StepState, words: str | None, **facts: str | None
    ) -> None:
        with self._writing() as (connection, mark):
            store.move_step(connection, saga, step, to, mark, words, **facts)

    @contextmanager
    def _writing(self) -> Iterator[tuple[sa.Connection, Mark]]:
        with writing(self.outbox.engine) as connection:
            yield connection, self._mark(SERVICE_ACTOR)

    def _mark(self, actor: str) -> Mark:
        return Mark(actor=actor, now=self.outbox.clock(), policy_version=self.outbox.policy.version)


def _given(process: Process, inputs: Facts) -> dict[str, str | None]:
    known = {one.name: one.type for one in process.inputs}
    unknown = sorted(set(inputs) - set(known))
    if unknown:
        raise SagaValueError(
            f"{process.name} takes no {', '.join(unknown)}.",
            hint=f"it takes: {', '.join(known) or 'nothing'}.",
        )
    return {name: values.input_text(name, value, known[name]) for name, value in inputs.items()}


def _attempt(earlier: Sequence[Saga]) -> int:
    return 1 + sum(saga.state is SagaState.COMPENSATED for saga in earlier)


def _step(saga: Saga, step_id: str) -> SagaStep:
    try:
        return saga.step(step_id)
    except LookupError as error:
        known = ", ".join(step.step_id for step in saga.steps)
        raise SagaValueError(f"{error}.", hint=f"it has: {known}.") from error


def _is_there(wanted: Proposal, live: Mapping[str, Value]) -> bool:
    return len(live) == len(wanted.changes) and all(same(live[c.field], c.new) for c in wanted.changes)


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
