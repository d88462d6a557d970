"""The ledger's statements: insert, move between states, read. Every move writes its audit event with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reverse_etl import audit
from reverse_etl.errors import IllegalTransitionError, LeaseLostError, UnknownCorrectionError
from reverse_etl.ledger.schema import (
    approval,
    archived_correction,
    attempt,
    correction,
    correction_change,
    correction_dependency,
)
from reverse_etl.models import (
    TRANSITIONS,
    UNDECIDED_STATES,
    Approval,
    Attempt,
    Correction,
    Dependency,
    FieldChange,
    Filter,
    State,
)
from reverse_etl.values import canonical_json

_CORRECTION_FIELDS = {f.name for f in fields(Correction)}
_CHANGE_FIELDS = {f.name for f in fields(FieldChange)}
_ATTEMPT_FIELDS = {f.name for f in fields(Attempt)}
_APPROVAL_FIELDS = {f.name for f in fields(Approval)}

# Everything that looks at corrections asks these three; building them anew took longer than the answers.
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_CORRECTIONS = sa.select(correction).where(correction.c.correction_id.in_(_IDS))
_CHANGES = (
    sa.select(correction_change)
    .where(correction_change.c.correction_id.in_(_IDS))
    .order_by(correction_change.c.field)
)
_DEPENDENCIES = (
    sa.select(
        correction_dependency.c.correction_id,
        correction_dependency.c.depends_on_id,
        correction_dependency.c.until,
    )
    .where(correction_dependency.c.correction_id.in_(_IDS))
    .order_by(correction_dependency.c.depends_on_id)
)


@dataclass(frozen=True, kw_only=True)
class Move:
    """A step from one state to another, with all that the audit trail needs to know."""

    to: State
    event: str
    actor: str
    now: datetime
    policy_version: str
    reason: str | None = None
    state_class: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    """Further columns to set in the same statement."""
    lease_token: str | None = None
    """The lease the caller holds; required to leave ``in_flight``."""


def next_sequence(connection: sa.Connection) -> int:
    """The next place in the ledger's order."""
    last = connection.execute(sa.select(sa.func.max(correction.c.sequence))).scalar()
    return int(last or 0) + 1


def insert(
    connection: sa.Connection,
    row: Mapping[str, Any],
    changes: Sequence[FieldChange],
    depends_on: Iterable[Dependency] = (),
) -> None:
    """Write a new correction in state ``proposed`` together with its first audit event."""
    connection.execute(correction.insert().values(**row, state=State.PROPOSED, last_event_sequence=0))
    connection.execute(
        correction_change.insert(),
        [
            {"correction_id": row["correction_id"], **{n: getattr(c, n) for n in _CHANGE_FIELDS}}
            for c in changes
        ],
    )
    for other in depends_on:
        _add_dependency(connection, row["correction_id"], other)
    sequence = audit.append(
        connection,
        occurred_at=row["proposed_at"],
        correction_id=row["correction_id"],
        event="proposed",
        to_state=State.PROPOSED,
        actor=row["proposed_by"],
        reason=row["reason"],
        policy_version=row["policy_version"],
        detail=audit.proposed_detail(row, changes),
    )
    _set(connection, row["correction_id"], {"last_event_sequence": sequence})


def _add_dependency(connection: sa.Connection, correction_id: str, other: Dependency) -> None:
    get(connection, other.correction_id)  # refuses an id that is not in the ledger
    connection.execute(
        correction_dependency.insert().values(
            correction_id=correction_id, depends_on_id=other.correction_id, until=other.until
        )
    )


def pass_dependents_on(connection: sa.Connection, old_id: str, new_id: str) -> None:
    """Whoever waits for a correction waits for its successor instead."""
    connection.execute(
        correction_dependency.update()
        .where(correction_dependency.c.depends_on_id == old_id)
        .values(depends_on_id=new_id)
    )


def move(connection: sa.Connection, correction_id: str, step: Move) -> None:
    """Take one legal step and write its audit event in the same transaction.

    Raises `IllegalTransitionError` when the present state does not allow it, `LeaseLostError` when the caller's
    lease is no longer the one in the ledger, `UnknownCorrectionError` when there is no such correction.
    """
    present = connection.execute(
        sa.select(correction.c.state, correction.c.lease_token)
        .where(correction.c.correction_id == correction_id)
        .with_for_update()
    ).one_or_none()
    if present is None:
        raise unknown(correction_id)
    _require_legal(correction_id, present, step)
    values = {
        "state": step.to,
        "state_class": step.state_class,
        "state_reason": step.reason,
        "updated_at": step.now,
        **step.values,
    }
    if step.to is not State.IN_FLIGHT:
        values |= {"lease_token": None, "lease_worker": None, "lease_until": None}
    _set(connection, correction_id, values)
    record_event(connection, correction_id, step, from_state=present.state)


def record_event(
    connection: sa.Connection, correction_id: str, step: Move, *, from_state: str | None
) -> None:
    """Write the audit event of a step that the caller has already taken in this transaction."""
    sequence = audit.append(
        connection,
        occurred_at=step.now,
        correction_id=correction_id,
        event=step.event,
        from_state=from_state,
        to_state=step.to,
        actor=step.actor,
        reason=step.reason,
        policy_version=step.policy_version,
        detail={**step.detail, **({"class": step.state_class} if step.state_class else {})},
    )
    _set(connection, correction_id, {"last_event_sequence": sequence})


def note(connection: sa.Connection, correction_id: str, step: Move, values: Mapping[str, Any]) -> None:
    """Record that something happened to a correction which stays in the state of the step."""
    _set(connection, correction_id, dict(values))
    record_event(connection, correction_id, step, from_state=step.to)


def _require_legal(correction_id: str, present: Any, step: Move) -> None:
    state = State(present.state)
    if state is State.IN_FLIGHT and present.lease_token != step.lease_token:
        raise lease_lost(correction_id)
    if step.lease_token is not None and state is not State.IN_FLIGHT:
        raise LeaseLostError(f"correction {correction_id} is {state} already.", hint="nothing; it moved on.")
    if step.to not in TRANSITIONS[state]:
        raise IllegalTransitionError(
            f"correction {correction_id} is {state} and cannot become {step.to}.",
            hint=f"`concord corrections show {correction_id}` tells how it came to be {state}.",
        )


def _set(connection: sa.Connection, correction_id: str, values: Mapping[str, Any]) -> None:
    connection.execute(
        correction.update().where(correction.c.correction_id == correction_id).values(**values)
    )


def lease_lost(correction_id: str) -> LeaseLostError:
    """The error for a worker whose lease has passed to another."""
    return LeaseLostError(
        f"correction {correction_id} was taken over by another worker.",
        hint="nothing; the other worker looks at the vendor before it writes.",
    )


def unknown(correction_id: str) -> UnknownCorrectionError:
    """The error for an id that is not in the ledger."""
    return UnknownCorrectionError(
        f"there is no correction {correction_id}.", hint="`concord corrections list` shows the ids."
    )


def set_before_image(
    connection: sa.Connection, correction_id: str, before: Mapping[str, str | None], *, is_unresolved: bool
) -> None:
    """Keep what the vendor held just before our first write that may have reached it.

    While an earlier write `is_unresolved`, what is seen now may be its effect and replaces nothing. A write that was
    certainly turned away has changed nothing, so the look before the next one counts.
    """
    for name, value in before.items():
        held = correction_change.update().where(
            correction_change.c.correction_id == correction_id, correction_change.c.field == name
        )
        if is_unresolved:
            held = held.where(correction_change.c.is_before_known.is_(False))
        connection.execute(held.values(before_value=value, is_before_known=True))


def get(connection: sa.Connection, correction_id: str) -> Correction:
    """One correction. Raises `UnknownCorrectionError`."""
    found = load(connection, [correction_id])
    if not found:
        raise unknown(correction_id)
    return found[0]


def load(connection: sa.Connection, ids: Sequence[str]) -> list[Correction]:
    """Corrections by id, in the order given; unknown ids are left out."""
    rows: dict[str, Mapping[str, Any]] = {}
    changes: dict[str, list[FieldChange]] = {}
    dependencies: dict[str, list[Dependency]] = {}
    for start in range(0, len(ids), 500):
        part = {"ids": ids[start : start + 500]}
        rows |= {r["correction_id"]: r for r in connection.execute(_CORRECTIONS, part).mappings()}
        for r in connection.execute(_CHANGES, part).mappings():
            change = FieldChange(**{n: r[n] for n in _CHANGE_FIELDS})
            changes.setdefault(r["correction_id"], []).append(change)
        for d in connection.execute(_DEPENDENCIES, part):
            other = Dependency(correction_id=d.depends_on_id, until=d.until)
            dependencies.setdefault(d.correction_id, []).append(other)
    return [_correction(rows[i], changes.get(i, []), dependencies.get(i, [])) for i in ids if i in rows]


def _correction(
    row: Mapping[str, Any], changes: list[FieldChange], dependencies: list[Dependency]
) -> Correction:
    facts = {name: row[name] for name in _CORRECTION_FIELDS if name not in ("changes", "depends_on")}
    facts["state"] = State(row["state"])
    facts["approver_roles"] = tuple(json.loads(row["approver_roles"]))
    facts["evidence"] = json.loads(row["evidence"]) if row["evidence"] else None
    return Correction(**facts, changes=tuple(changes), depends_on=tuple(dependencies))


def find(connection: sa.Connection, query: Filter) -> list[Correction]:
    """Corrections that match, newest first."""
    c = correction.c
    statement = sa.select(c.correction_id).order_by(c.sequence.desc()).limit(query.limit).offset(query.offset)
    if query.states:
        statement = statement.where(c.state.in_(query.states))
    if query.check_id:
        statement = statement.where(c.check_id == query.check_id)
    if query.target_instance:
        statement = statement.where(c.target_instance == query.target_instance)
    if query.business_units:
        statement = statement.where(c.business_unit_id.in_(query.business_units))
    if query.finding_id:
        with_finding = sa.select(correction_change.c.correction_id).where(
            correction_change.c.finding_id == query.finding_id
        )
        statement = statement.where(c.correction_id.in_(with_finding))
    return load(connection, list(connection.execute(statement).scalars()))


def latest_by_key(connection: sa.Connection, keys: Sequence[str]) -> dict[str, Correction]:
    """The newest correction of each key that has one."""
    newest: list[str] = []
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        last = (
            sa.select(sa.func.max(correction.c.sequence))
            .where(correction.c.correction_key.in_(part))
            .group_by(correction.c.correction_key)
        )
        query = sa.select(correction.c.correction_id).where(correction.c.sequence.in_(last))
        newest += connection.execute(query).scalars()
    return {c.correction_key: c for c in load(connection, newest)}


def count_by_state(connection: sa.Connection) -> dict[str, int]:
    """How many corrections stand in each state; the sum is all there are."""
    query = sa.select(correction.c.state, sa.func.count()).group_by(correction.c.state)
    return {state: int(count) for state, count in connection.execute(query)}


def overdue(connection: sa.Connection, now: datetime) -> list[tuple[str, State]]:
    """Undecided or undelivered corrections whose time is over."""
    c = correction.c
    query = sa.select(c.correction_id, c.state).where(c.state.in_(UNDECIDED_STATES), c.expires_at <= now)
    return [(row.correction_id, State(row.state)) for row in connection.execute(query.order_by(c.sequence))]


def ordinal(connection: sa.Connection, key: str) -> int:
    """How many corrections this key has had, archived ones too: their ids are never given again."""
    columns = (correction.c.correction_key, archived_correction.c.correction_key)
    queries = (sa.select(sa.func.count()).where(column == key) for column in columns)
    return sum(int(connection.execute(query).scalar_one()) for query in queries)


def approvals(connection: sa.Connection, correction_id: str) -> tuple[Approval, ...]:
    """All decisions about a correction, oldest first."""
    query = sa.select(approval).where(approval.c.correction_id == correction_id)
    rows = connection.execute(query.order_by(approval.c.decided_at, approval.c.actor)).mappings()
    return tuple(
        Approval(**{n: r[n] for n in _APPROVAL_FIELDS if n != "roles"}, roles=tuple(json.loads(r["roles"])))
        for r in rows
    )


def add_approval(connection: sa.Connection, item: Correction, given: Approval) -> None:
    """Record one decision, bound to the content that was decided on."""
    row = {n: getattr(given, n) for n in _APPROVAL_FIELDS if n != "roles"}
    connection.execute(
        approval.insert().values(
            **row,
            roles=canonical_json(list(given.roles)),
            correction_id=item.correction_id,
            content_hash=item.content_hash,
        )
    )


def attempts(connection: sa.Connection, correction_id: str) -> tuple[Attempt, ...]:
    """All tries to deliver a correction, oldest first."""
    query = sa.select(attempt).where(attempt.c.correction_id == correction_id).order_by(attempt.c.number)
    return tuple(Attempt(**{n: r[n] for n in _ATTEMPT_FIELDS}) for r in connection.execute(query).mappings())
