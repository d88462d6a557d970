"""From a step's definition and a saga's facts to an ordinary correction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from config.sagas import Change, Process, Requirement, Source, Step, StepCorrection
from reverse_etl.destinations.base import Value
from reverse_etl.errors import InvalidProposalError, SagaValueError
from reverse_etl.models import FieldChange, Proposal
from reverse_etl.sagas import Saga, SagaStep, StepState
from reverse_etl.values import decode, encode

Facts = Mapping[str, str | None]
_ABOUT = ("currency", "legal_entity_id", "business_unit_id", "customer_id", "customer_name", "project_id",
          "project_name")  # fmt: skip
_MONEY = ("amount", "amount_rc")


def missing(process: Process, facts: Facts) -> list[str]:
    """What the process requires and the facts do not give, in words."""
    return [requirement.missing for requirement in process.requires if not _holds(requirement, facts)]


def _holds(requirement: Requirement, facts: Facts) -> bool:
    if requirement.fact not in facts:
        raise _unknown(requirement.fact, "requires")
    value = facts[requirement.fact]
    return value is not None if requirement.equals is None else value == requirement.equals


def input_text(name: str, value: str | None, kind: str) -> str | None:
    """A person's input in the ledger's spelling. Raises `SagaValueError` when it is not of its type."""
    try:
        return encode(decode(value, kind, where=f"input {name}"))
    except InvalidProposalError as error:
        raise SagaValueError(error.message, hint=f"give a value of type {kind}.") from error


def new_steps(process: Process, facts: Facts) -> tuple[SagaStep, ...]:
    """The steps of a saga that starts: one per item where a step is repeated."""
    made: list[SagaStep] = []
    last: tuple[str, ...] = ()
    ids: dict[str, tuple[str, ...]] = {}
    for step in process.steps:
        after = last if step.after is None else tuple(i for name in step.after for i in ids[name])
        members = list(_members(step, facts, after, len(made)))
        ids[step.id] = last = tuple(member.step_id for member in members)
        made += members
    return tuple(made)


def _members(step: Step, facts: Facts, after: tuple[str, ...], position: int) -> Iterator[SagaStep]:
    if step.for_each is None:
        yield SagaStep(
            step_id=step.id,
            position=position,
            definition=step,
            facts={},
            after=after,
            state=StepState.PENDING,
        )
        return
    items = _items(step.for_each, facts)
    if not items:
        yield SagaStep(
            step_id=step.id, position=position, definition=step, facts={}, after=after,
            state=StepState.SKIPPED, state_reason=f"there are no {step.for_each}",
        )  # fmt: skip
    for number, item in enumerate(items):
        yield SagaStep(
            step_id=f"{step.id}.{number + 1}", position=position + number, definition=step, facts=item,
            after=after, state=StepState.PENDING,
        )  # fmt: skip


def _items(name: str, facts: Facts) -> list[dict[str, str | None]]:
    if name not in facts:
        raise _unknown(name, "for_each")
    found = json.loads(facts[name] or "[]", parse_float=Decimal)
    return [{key: _text(value) for key, value in item.items()} for item in found]


def _text(value: object) -> str | None:
    return encode(value if isinstance(value, Decimal | bool | int | None) else str(value))


def resolve(source: Source, saga: Saga, step: SagaStep) -> str | None:
    """The text of one value. Raises `SagaValueError` for a fact that does not exist."""
    facts = {**saga.facts, **step.facts}
    if source.fact is not None:
        if source.fact not in facts:
            raise _unknown(source.fact, step.step_id)
        return _multiplied(facts[source.fact], source)
    if source.result is not None:
        return step.result if source.result == step.definition.id else saga.result(source.result)
    if source.text is not None:
        return fill(source.text, facts, step.step_id)
    if source.first:
        found = (resolve(one, saga, step) for one in source.first)
        return next((value for value in found if value is not None), None)
    return source.value


def _multiplied(value: str | None, source: Source) -> str | None:
    if value is None or source.times is None:
        return value
    try:
        return encode(Decimal(value) * source.times)
    except InvalidOperation as error:
        raise SagaValueError(
            f"fact {source.fact}: {value!r} is not a number.", hint="correct it, start again."
        ) from error


def fill(template: str, facts: Facts, where: str) -> str:
    """A text with its facts put in. Raises `SagaValueError` for a fact that is not known."""
    try:
        return template.format_map({name: value for name, value in facts.items() if value is not None})
    except KeyError as error:
        raise _unknown(str(error.args[0]), where) from error


def needed(source: Source, saga: Saga, step: SagaStep, what: str) -> str:
    """The text of a value a step cannot do without. Raises `SagaValueError`."""
    value = resolve(source, saga, step)
    if value is None:
        raise SagaValueError(
            f"step {step.step_id}: {what} is not known.",
            hint="complete the facts in the source system, start again.",
        )
    return value


def typed(change: Change, source: Source, saga: Saga, step: SagaStep) -> Value:
    """One value in its type. Raises `SagaValueError` when the text is not of it."""
    where = f"step {step.step_id}, field {change.field}"
    try:
        return decode(resolve(source, saga, step), change.type, where=where)
    except InvalidProposalError as error:
        raise SagaValueError(
            error.message, hint="correct the fact or config/sagas.yml, start again."
        ) from error


def unread_fields(part: StepCorrection) -> list[str]:
    """Fields whose present value has to be read from the vendor before the correction can be proposed."""
    return [c.field for c in part.changes if c.seen is None] if part.operation == "update" else []


def changes_of(
    part: StepCorrection, saga: Saga, step: SagaStep, live: Mapping[str, Value]
) -> tuple[FieldChange, ...]:
    """The fields of a correction; a create leaves out what is not known. Raises `SagaValueError`."""
    found = []
    for change in part.changes:
        new = typed(change, change.to, saga, step)
        if new is None and part.operation == "create":
            continue
        if new is None:
            raise SagaValueError(
                f"step {step.step_id}: the new value of {change.field} is not known.",
                hint="complete the facts in the source system, start again.",
            )
        seen = live.get(change.field) if change.seen is None else typed(change, change.seen, saga, step)
        found.append(
            FieldChange(
                field=change.field, value_type=change.type, expected_value=encode(seen), new_value=encode(new)
            )
        )
    return tuple(sorted(found, key=lambda change: change.field))


def proposal(
    part: StepCorrection,
    saga: Saga,
    step: SagaStep,
    changes: Sequence[FieldChange],
    *,
    key: str,
    kind: Literal["saga", "rollback"] = "saga",
    undoes: str | None = None,
) -> Proposal:
    """The correction of a step. Raises `SagaValueError` when a fact it needs is not known."""
    facts = {**saga.facts, **step.facts}
    money = {name: None if facts.get(name) is None else Decimal(str(facts[name])) for name in _MONEY}
    about: dict[str, Any] = {name: facts.get(name) for name in _ABOUT}
    record = None if part.record is None else needed(part.record, saga, step, "the record")
    return Proposal(
        correction_key=key,
        check_id=saga.process_id,
        target_system=part.system,
        target_instance=needed(part.instance, saga, step, "the instance"),
        target_object=part.object,
        target_record_id=record,
        operation=part.operation,
        changes=tuple(changes),
        reason=fill(part.reason, facts, step.step_id),
        kind=kind,
        proposed_by=saga.started_by,
        amount_at_risk=money["amount"],
        amount_at_risk_rc=money["amount_rc"],
        evidence=[{"saga": saga.saga_key, "step": step.step_id, **facts}],
        rolls_back_id=undoes,
        **about,
    )


def _unknown(fact: str, where: str) -> SagaValueError:
    return SagaValueError(
        f"{where}: there is no fact {fact}, or it is empty.",
        hint="complete it in the source system, or correct config/sagas.yml and the model of its facts.",
    )
