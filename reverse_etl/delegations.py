"""One person's role in another's hands for a while: with a reason, an end, and no way to decide one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reverse_etl.desk import Desk, note, require_person, require_reason
from reverse_etl.errors import NotAllowedError, UnknownCorrectionError
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.governance import delegation
from reverse_etl.models import Approval, Delegation, require_aware
from reverse_etl.values import digest

_FIELDS = tuple(Delegation.__dataclass_fields__)


def in_force(connection: sa.Connection, actor: str, now: datetime) -> tuple[Delegation, ...]:
    """The roles that `actor` holds for somebody else at this moment."""
    c = delegation.c
    query = _live(now).where(c.to_actor == actor, c.valid_from <= now)
    return tuple(_read(row) for row in connection.execute(query).mappings())


def behind(connection: sa.Connection, approvals: Iterable[Approval], now: datetime) -> tuple[Delegation, ...]:
    """The delegations in force now of everybody who approved for somebody else."""
    actors = sorted({one.actor for one in approvals if one.on_behalf_of})
    return tuple(found for actor in actors for found in in_force(connection, actor, now))


def listing(desk: Desk) -> list[Delegation]:
    """Every delegation that is in force or still to come."""
    with reading(desk.engine) as connection:
        return [_read(row) for row in connection.execute(_live(desk.clock())).mappings()]


def delegate(
    desk: Desk,
    actor: str,
    roles: Sequence[str],
    *,
    to_actor: str,
    role: str,
    valid_from: datetime,
    valid_until: datetime,
    reason: str,
) -> Delegation:
    """Hand a role of one's own to another person until `valid_until` (exclusive).

    The receiver then decides what the giver could, within the giver's limit and business units, and neither what
    the giver nor what they themselves asked for. A delegated role cannot be handed on.
    Raises `NotAllowedError` when the giver does not hold the role, or the period is over or empty.
    """
    _require_sound(desk, actor, roles, to_actor, role, reason)
    require_aware(valid_from, "valid_from")
    require_aware(valid_until, "valid_until")
    now = desk.clock()
    if valid_until <= max(valid_from, now):
        raise NotAllowedError(
            "a delegation must end after it begins, and after now (period).", hint="--until later."
        )
    with writing(desk.engine) as connection:
        facts: dict[str, Any] = {
            "from_actor": actor, "to_actor": to_actor, "role": role, "valid_from": valid_from,
            "valid_until": valid_until, "reason": reason,
        }  # fmt: skip
        sequence = note(connection, desk, "delegated", actor, reason, facts)
        given = Delegation(delegation_id="d" + digest([facts, sequence])[:14], **facts)
        row = {name: getattr(given, name) for name in _FIELDS}
        connection.execute(delegation.insert().values(**row, event_sequence=sequence))
    return given


def revoke(desk: Desk, delegation_id: str, actor: str, roles: Sequence[str], reason: str) -> Delegation:
    """End a delegation now: its giver, its receiver, or a role that turns kill switches.

    Raises `UnknownCorrectionError` when none of that id is in force or to come, `NotAllowedError` for others.
    """
    require_person(actor)
    require_reason(reason, "taking a delegation back")
    now = desk.clock()
    with writing(desk.engine) as connection:
        query = _live(now).where(delegation.c.delegation_id == delegation_id)
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise UnknownCorrectionError(
                f"there is no delegation {delegation_id} to end.",
                hint="`concord corrections delegations` lists them.",
            )
        if actor not in (row["from_actor"], row["to_actor"]) and not set(roles) & set(
            desk.policy.kill_switch_roles
        ):
            raise NotAllowedError(
                f"{delegation_id} is not {actor}'s to end (role).",
                hint=f"ask {row['from_actor']} or {row['to_actor']}.",
            )
        note(connection, desk, "delegation_revoked", actor, reason, {"delegation": delegation_id})
        ended = delegation.update().where(delegation.c.delegation_id == delegation_id)
        connection.execute(ended.values(revoked_at=now, revoked_by=actor))
    return _read(row)


def _require_sound(
    desk: Desk, actor: str, roles: Sequence[str], to_actor: str, role: str, reason: str
) -> None:
    require_person(actor)
    require_person(to_actor)
    require_reason(reason, "a delegation")
    if to_actor == actor:
        raise NotAllowedError("a delegation is to another person (same_person).", hint="name somebody else.")
    if role not in desk.policy.policy.limits:
        raise NotAllowedError(
            f"{role} decides nothing (unknown_role).", hint=f"one of: {', '.join(desk.policy.policy.limits)}."
        )
    if role not in roles:
        raise NotAllowedError(
            f"{actor} does not hold the role {role} (role).",
            hint="only one's own role is delegated, and never one that was delegated.",
        )


def _live(now: datetime) -> sa.Select[tuple[object, ...]]:
    c = delegation.c
    return sa.select(delegation).where(c.revoked_at.is_(None), c.valid_until > now).order_by(c.valid_from)


def _read(row: sa.RowMapping) -> Delegation:
    return Delegation(**{name: row[name] for name in _FIELDS})
