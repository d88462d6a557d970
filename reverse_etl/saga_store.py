"""The ledger's statements for sagas: every change of a saga or a step writes its audit event with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from config.sagas import Step
from reverse_etl import audit, claims
from reverse_etl.errors import SagaMovedError, UnknownSagaError
from reverse_etl.ledger.sagas import saga, saga_step
from reverse_etl.ledger.schema import correction
from reverse_etl.models import State
from reverse_etl.sagas import RECALLABLE, Saga, SagaState, SagaStep, StepState
from reverse_etl.values import canonical_json

_DONE, _UNDO = correction.alias("done"), correction.alias("undo")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Who changes a saga, when, and under which policy."""

    actor: str
    now: datetime
    policy_version: str


def insert(connection: sa.Connection, new: Saga, mark: Mark) -> None:
    """Write a saga that starts (or is refused), with its steps. A refused one of the same key is replaced."""
    row = {
        "process_id": new.process_id, "process_name": new.process_name, "trigger_key": new.trigger_key,
        "title": new.title, "state": new.state, "state_reason": new.state_reason,
        "facts": canonical_json(dict(new.facts)), "started_by": new.started_by, "started_at": new.started_at,
        "updated_at": new.updated_at,
    }  # fmt: skip
    again = connection.execute(
        saga.update().where(saga.c.saga_key == new.saga_key, saga.c.state == SagaState.REFUSED).values(**row)
    )
    if again.rowcount == 0:
        connection.execute(saga.insert().values(saga_key=new.saga_key, **row))
    for step in new.steps:
        connection.execute(saga_step.insert().values(**_step_row(new, step)))
    event = "saga_refused" if new.state is SagaState.REFUSED else "saga_started"
    _tell(
        connection, new.saga_key, event, mark, None, new.state, new.state_reason, {"facts": dict(new.facts)}
    )


def _step_row(new: Saga, step: SagaStep) -> dict[str, Any]:
    return {
        "saga_key": new.saga_key, "step_id": step.step_id, "position": step.position,
        "definition": step.definition.model_dump_json(exclude_defaults=True),
        "facts": canonical_json(dict(step.facts)), "after": canonical_json(list(step.after)),
        "state": step.state, "state_reason": step.state_reason, "updated_at": new.updated_at,
    }  # fmt: skip


def move(
    connection: sa.Connection, present: Saga, to: SagaState, mark: Mark, reason: str | None, event: str
) -> None:
    """Take a saga to another state. Raises `SagaMovedError` when somebody else was quicker."""
    moved = connection.execute(
        saga.update()
        .where(saga.c.saga_key == present.saga_key, saga.c.state == present.state)
        .values(state=to, state_reason=reason, updated_at=mark.now)
    )
    if moved.rowcount != 1:
        raise moved_on(present.saga_key)
    _tell(connection, present.saga_key, event, mark, present.state, to, reason, {})


def move_step(
    connection: sa.Connection,
    present: Saga,
    step: SagaStep,
    to: StepState,
    mark: Mark,
    reason: str | None,
    **values: str | None,
) -> None:
    """Take a step to another state, in a saga that is still as read. Raises `SagaMovedError` otherwise."""
    moved = connection.execute(
        saga_step.update()
        .where(
            saga_step.c.saga_key == present.saga_key,
            saga_step.c.step_id == step.step_id,
            saga_step.c.state == step.state,
            saga_step.c.correction_id.is_not_distinct_from(step.correction_id),
            sa.exists().where(saga.c.saga_key == present.saga_key, saga.c.state == present.state),
        )
        .values(state=to, state_reason=reason, updated_at=mark.now, **values)
    )
    if moved.rowcount != 1:
        raise moved_on(present.saga_key)
    touched = saga.update().where(saga.c.saga_key == present.saga_key).values(updated_at=mark.now)
    connection.execute(touched)
    detail = {"step": step.step_id, **values}
    _tell(connection, present.saga_key, "saga_step", mark, step.state, to, reason, detail)


def pass_steps_on(connection: sa.Connection, old_id: str, new_id: str) -> None:
    """A step that waits for a correction waits for its successor instead, such as an edited dead letter."""
    for column, state in (
        (saga_step.c.correction_id, StepState.OPEN),
        (saga_step.c.undo_correction_id, StepState.UNDO_OPEN),
    ):
        waits = saga_step.update().where(column == old_id, saga_step.c.state == state)
        connection.execute(waits.values({column.name: new_id}))


def tell(
    connection: sa.Connection,
    present: Saga,
    event: str,
    mark: Mark,
    reason: str | None,
    detail: Mapping[str, Any],
) -> None:
    """Write an audit event about a saga that does not move it."""
    _tell(connection, present.saga_key, event, mark, present.state, present.state, reason, detail)


def _tell(
    connection: sa.Connection,
    saga_key: str,
    event: str,
    mark: Mark,
    from_state: str | None,
    to_state: str,
    reason: str | None,
    detail: Mapping[str, Any],
) -> None:
    audit.append(
        connection,
        occurred_at=mark.now,
        event=event,
        actor=mark.actor,
        from_state=from_state,
        to_state=to_state,
        reason=reason,
        policy_version=mark.policy_version,
        detail={"saga": saga_key, **detail},
    )


def get(connection: sa.Connection, saga_key: str) -> Saga:
    """One saga with its steps. Raises `UnknownSagaError`."""
    found = _load(connection, sa.select(saga).where(saga.c.saga_key == saga_key))
    if not found:
        raise UnknownSagaError(f"there is no saga {saga_key}.", hint="`concord sagas list` shows the keys.")
    return found[0]


def find(
    connection: sa.Connection,
    *,
    states: Sequence[SagaState] = (),
    process_id: str | None = None,
    trigger_key: str | None = None,
    limit: int = 200,
) -> list[Saga]:
    """Sagas that match, newest first."""
    query = sa.select(saga).order_by(saga.c.started_at.desc(), saga.c.saga_key.desc()).limit(limit)
    if states:
        query = query.where(saga.c.state.in_(states))
    if process_id:
        query = query.where(saga.c.process_id == process_id)
    if trigger_key:
        query = query.where(saga.c.trigger_key == trigger_key)
    return _load(connection, query)


def keys(connection: sa.Connection, states: Sequence[SagaState]) -> list[str]:
    """Keys of the sagas in these states, oldest first."""
    query = sa.select(saga.c.saga_key).where(saga.c.state.in_(states))
    return list(connection.execute(query.order_by(saga.c.started_at, saga.c.saga_key)).scalars())


def unproved(connection: sa.Connection, states: Sequence[SagaState]) -> list[str]:
    """Sagas in these states that are not proved yet: completed ones, and those with a delivered correction."""
    delivered = sa.exists().where(
        saga_step.c.saga_key == saga.c.saga_key,
        sa.or_(
            correction.c.correction_id == saga_step.c.correction_id,
            correction.c.correction_id == saga_step.c.undo_correction_id,
        ),
        correction.c.state == State.DELIVERED,
    )
    query = sa.select(saga.c.saga_key).where(
        saga.c.state.in_(states), sa.or_(saga.c.state == SagaState.COMPLETED, delivered)
    )
    return list(connection.execute(query.order_by(saga.c.started_at, saga.c.saga_key)).scalars())


def correction_ids(connection: sa.Connection) -> frozenset[str]:
    """Corrections that belong to sagas: they are proved by their saga, not by a check."""
    columns = (saga_step.c.correction_id, saga_step.c.undo_correction_id)
    rows = connection.execute(sa.select(*columns).where(sa.or_(*(c.is_not(None) for c in columns))))
    return frozenset(value for row in rows for value in row if value)


def _load(connection: sa.Connection, query: sa.Select[Any]) -> list[Saga]:
    rows = connection.execute(query).mappings().all()
    steps = _steps(connection, [row["saga_key"] for row in rows])
    return [
        Saga(
            **{name: row[name] for name in row if name not in ("state", "facts")},
            state=SagaState(row["state"]),
            facts=json.loads(row["facts"]),
            steps=tuple(steps.get(row["saga_key"], ())),
        )
        for row in rows
    ]


def _steps(connection: sa.Connection, saga_keys: Sequence[str]) -> dict[str, list[SagaStep]]:
    states = _DONE.c.state.label("correction_state"), _UNDO.c.state.label("undo_state")
    query = (
        sa.select(saga_step, *states)
        .outerjoin(_DONE, _DONE.c.correction_id == saga_step.c.correction_id)
        .outerjoin(_UNDO, _UNDO.c.correction_id == saga_step.c.undo_correction_id)
        .where(saga_step.c.saga_key.in_(saga_keys))
        .order_by(saga_step.c.saga_key, saga_step.c.position)
    )
    found: dict[str, list[SagaStep]] = {}
    for row in connection.execute(query).mappings():
        same = ("step_id", "position", "state_reason", "correction_id", "undo_correction_id", "result")
        step = SagaStep(
            **{name: row[name] for name in same},
            definition=Step.model_validate_json(row["definition"]),
            facts=json.loads(row["facts"]),
            after=tuple(json.loads(row["after"])),
            state=StepState(row["state"]),
            correction_state=State(row["correction_state"]) if row["correction_state"] else None,
            undo_state=State(row["undo_state"]) if row["undo_state"] else None,
            is_unresolved=is_unresolved(connection, row["correction_id"], row["correction_state"]),
        )
        found.setdefault(row["saga_key"], []).append(step)
    return found


def is_unresolved(connection: sa.Connection, correction_id: str | None, state: str | None) -> bool:
    """Whether a write of a correction that is not applied may have reached the vendor unseen.

    What a person has rejected, or a replayed correction is superseded by, is decided: somebody has looked.
    """
    is_asked = state in (State.DEAD_LETTERED, State.CONFLICTED, *RECALLABLE) and correction_id is not None
    return is_asked and claims.earlier_writes(connection, str(correction_id)).is_unresolved


def moved_on(saga_key: str) -> SagaMovedError:
    """The error for a worker that was overtaken by another."""
    return SagaMovedError(f"saga {saga_key} was moved by somebody else meanwhile.", hint="look at it again.")
