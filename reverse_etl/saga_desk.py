"""What people do about sagas: start, answer, cancel, and let a stuck one try again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.sagas import Process
from reverse_etl import saga_store as store
from reverse_etl import saga_values as values
from reverse_etl.desk import require_person
from reverse_etl.errors import IllegalTransitionError, NotAllowedError, SagaValueError
from reverse_etl.ledger import writing
from reverse_etl.outbox import Outbox
from reverse_etl.saga_access import mark_of
from reverse_etl.sagas import Saga, SagaState, SagaStep, StepState

Facts = Mapping[str, str | None]


def start(
    outbox: Outbox,
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
    require_person(actor)
    if not set(roles) & set(process.start_roles):
        raise NotAllowedError(
            f"{actor} holds none of the roles that start {process.name}.",
            hint=f"ask one of: {', '.join(process.start_roles)}.",
        )
    known = {**dict.fromkeys(i.name for i in process.inputs), **facts, **_given(process, inputs or {})}
    lacking = values.missing(process, known)
    with writing(outbox.engine) as connection:
        earlier = store.find(connection, process_id=process.id, trigger_key=trigger_key)
        if earlier and earlier[0].state not in (SagaState.REFUSED, SagaState.COMPENSATED):
            return earlier[0]
        new = _new(outbox, process, trigger_key, known, actor, lacking, _attempt(earlier))
        store.insert(connection, new, mark_of(outbox, actor))
        return store.get(connection, new.saga_key)


def _new(
    outbox: Outbox,
    process: Process,
    trigger_key: str,
    facts: Facts,
    actor: str,
    lacking: list[str],
    attempt: int,
) -> Saga:
    now = outbox.clock()
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


def answer(
    outbox: Outbox, saga_key: str, step_id: str, answer: str, actor: str, roles: Sequence[str]
) -> Saga:
    """Answer a request: `answer` is the id of the record the person made or found in the owning system."""
    require_person(actor)
    with writing(outbox.engine) as connection:
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
        mark = mark_of(outbox, actor)
        store.move_step(connection, saga, step, StepState.DONE, mark, "answered", result=answer.strip())
        return store.get(connection, saga_key)


def cancel(
    outbox: Outbox, saga_key: str, process: Process, actor: str, roles: Sequence[str], reason: str
) -> Saga:
    """Stop a saga and take back what it did, by corrections that are governed as all others."""
    if not reason.strip():
        raise NotAllowedError("cancelling needs a reason.", hint="say why: --reason '...'.")
    return _turn(outbox, saga_key, process, actor, roles, reason, SagaState.RUNNING, "saga_cancelled")


def retry(
    outbox: Outbox, saga_key: str, process: Process, actor: str, roles: Sequence[str], reason: str
) -> Saga:
    """Let a stuck saga try its failed compensations again."""
    return _turn(outbox, saga_key, process, actor, roles, reason, SagaState.STUCK, "saga_retried")


def _turn(
    outbox: Outbox,
    saga_key: str,
    process: Process,
    actor: str,
    roles: Sequence[str],
    reason: str,
    expected: SagaState,
    event: str,
) -> Saga:
    require_person(actor)
    if not set(roles) & set(process.start_roles):
        raise NotAllowedError(
            f"{actor} holds none of the roles that decide about {process.name}.",
            hint=f"ask one of: {', '.join(process.start_roles)}.",
        )
    with writing(outbox.engine) as connection:
        saga = store.get(connection, saga_key)
        if saga.state is not expected:
            raise IllegalTransitionError(
                f"saga {saga_key} is {saga.state}, not {expected}.",
                hint=f"`concord sagas show {saga_key}` tells how it came to be {saga.state}.",
            )
        mark = mark_of(outbox, actor)
        for step in saga.steps:
            if step.state is StepState.UNDO_FAILED:
                store.move_step(connection, saga, step, StepState.DONE, mark, reason)
        store.move(connection, saga, SagaState.COMPENSATING, mark, reason, event)
        return store.get(connection, saga_key)


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
