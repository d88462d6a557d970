"""What a person does about dead letters: edit, or replay in order. Dropping one is a rejection with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import sqlalchemy as sa

from reverse_etl import claims, policies, store
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from reverse_etl.ledger import reading
from reverse_etl.ledger.schema import correction
from reverse_etl.models import Correction, FieldChange, Proposal, State
from reverse_etl.outbox import Outbox
from reverse_etl.values import decode, encode


def edit(
    outbox: Outbox,
    correction_id: str,
    values: Mapping[str, str | None],
    actor: str,
    roles: Sequence[str],
    reason: str,
) -> Correction:
    """Replace a dead letter by one with other new values (ledger text by field), and return the new correction.

    The new values are held against law, ownership and policy like any proposal's; the new correction names
    `actor` as its maker and always waits for somebody else's approval. The dead letter is superseded by it.

    Raises `IllegalTransitionError` when it is no dead letter, `NotAllowedError` when the actor may not decide it,
    a field is not one of its fields, policy forbids the new values, or an earlier create may have reached the
    vendor, and `InvalidProposalError` when a text is not of the field's type.
    """
    with reading(outbox.engine) as connection:
        item = store.get(connection, correction_id)
        is_unresolved = claims.earlier_writes(connection, correction_id).is_unresolved
    _require_dead(item)
    refusal = outbox.why_not_reject(correction_id, actor, roles)
    if refusal:
        raise NotAllowedError(f"{refusal.reason} ({refusal.error_class}).", hint=refusal.hint)
    if not reason.strip():
        raise NotAllowedError("an edit needs a reason.", hint="say why: --reason '...'.")
    if item.operation == "create" and is_unresolved:
        raise NotAllowedError(
            f"{correction_id} may have created its record already; edited, it could create a second one.",
            hint="replay it as it is: the vendor is asked before anything is sent.",
        )
    edited = _edited(item, values, actor, reason)
    verdict = policies.judge(outbox.policy, edited)
    if verdict.mode == "forbidden":
        raise NotAllowedError(f"{verdict.reason} ({verdict.error_class}).", hint="choose another value.")
    return outbox.propose_one(edited, needs_person=f"edited by {actor}: {reason}")


def _require_dead(item: Correction) -> None:
    if item.state is not State.DEAD_LETTERED:
        raise IllegalTransitionError(
            f"correction {item.correction_id} is {item.state}; only dead letters are edited or replayed.",
            hint=f"`concord corrections show {item.correction_id}` tells how it came to be {item.state}.",
        )


def _edited(item: Correction, values: Mapping[str, str | None], actor: str, reason: str) -> Proposal:
    known = {change.field for change in item.changes}
    foreign = sorted(set(values) - known)
    if foreign or not values:
        raise NotAllowedError(
            f"{item.correction_id} does not change {', '.join(foreign) or 'nothing'}.",
            hint=f"edit one of: {', '.join(sorted(known))}.",
        )
    facts: dict[str, Any] = {f.name: getattr(item, f.name) for f in fields(Proposal)}
    facts |= {
        "changes": tuple(_change(item, change, values) for change in item.changes),
        "reason": f"{item.reason}; edited by {actor}: {reason}",
        "proposed_by": actor,
        "supersedes_id": item.correction_id,
    }
    return Proposal(**facts)


def _change(item: Correction, change: FieldChange, values: Mapping[str, str | None]) -> FieldChange:
    fresh = replace(change, before_value=None, is_before_known=False)
    if change.field not in values:
        return fresh
    where = f"correction {item.correction_id}, field {change.field}"
    return replace(fresh, new_value=encode(decode(values[change.field], change.value_type, where=where)))


def replay_in_order(
    outbox: Outbox, ids: Sequence[str], actor: str, roles: Sequence[str], note: str = ""
) -> list[Correction]:
    """Send dead letters again in the order of the ledger, whatever the order of `ids`.

    Raises `NotAllowedError` when an earlier dead letter of one of the records is left out: its change would
    arrive after a later one. Raises as `Outbox.replay` does.
    """
    with reading(outbox.engine) as connection:
        items = sorted((store.get(connection, i) for i in set(ids)), key=lambda item: item.sequence)
        for item in items:
            _require_dead(item)
            _require_nothing_before(connection, item, ids)
    return [outbox.replay(item.correction_id, actor, roles, note) for item in items]


def _require_nothing_before(connection: sa.Connection, item: Correction, ids: Sequence[str]) -> None:
    c = correction.c
    query = sa.select(c.correction_id).where(
        c.target_instance == item.target_instance,
        c.target_object == item.target_object,
        c.record_key == item.record_key,
        c.state == State.DEAD_LETTERED,
        c.sequence < item.sequence,
        c.correction_id.not_in(list(ids)),
    )
    earlier = connection.execute(query.order_by(c.sequence).limit(1)).scalar()
    if earlier is not None:
        raise NotAllowedError(
            f"{earlier} is an earlier dead letter of the same record as {item.correction_id}.",
            hint=f"replay them together, or drop {earlier} first.",
        )
