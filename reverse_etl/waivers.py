"""Waivers: somebody who could release a correction accepts the difference instead, with a reason, for a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reverse_etl import delegations, store
from reverse_etl.authority import Authority, authority_for
from reverse_etl.desk import Desk, refused, require_reason
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from reverse_etl.governance import Refusal
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.governance import waiver
from reverse_etl.models import Correction, State, require_aware
from reverse_etl.recorder import Recorder
from reverse_etl.values import digest

WAIVED = "waived"
"""The class of a rejected correction whose finding is waived."""
WAIVABLE = (State.PROPOSED, State.APPROVED, State.CONFLICTED, State.DEAD_LETTERED)


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A difference that is accepted until `expires_at`."""

    waiver_id: str
    correction_id: str
    correction_key: str
    actor: str
    reason: str
    granted_at: datetime
    expires_at: datetime


_FIELDS = tuple(Waiver.__dataclass_fields__)


def waived_keys(connection: sa.Connection, keys: Collection[str], now: datetime) -> frozenset[str]:
    """Those of the correction keys whose difference is waived at this moment."""
    live = connection.execute(sa.select(waiver.c.correction_key).where(*_live(now))).scalars()
    return frozenset(live) & frozenset(keys)


def listing(desk: Desk) -> list[Waiver]:
    """Every waiver in force, the one that ends first at the top."""
    query = sa.select(waiver).where(*_live(desk.clock())).order_by(waiver.c.expires_at)
    with reading(desk.engine) as connection:
        return [_read(row) for row in connection.execute(query).mappings()]


def waive(
    desk: Desk, correction_id: str, actor: str, roles: Sequence[str], reason: str, until: datetime
) -> Waiver:
    """Reject a correction as waived; its finding is not proposed again before `until`.

    It takes the authority that releasing it would take. Raises `NotAllowedError` when policy refuses the person,
    the reason is empty or the time is not in the future or longer than `waive_at_most_days`;
    `IllegalTransitionError` when the correction is under way or over.
    """
    require_reason(reason, "a waiver")
    _require_period(desk, until)
    with writing(desk.engine) as connection:
        item = store.get(connection, correction_id)
        if item.state not in WAIVABLE:
            raise IllegalTransitionError(
                f"correction {correction_id} is {item.state} and cannot be waived.",
                hint=f"`concord corrections show {correction_id}` tells how it came to be {item.state}.",
            )
        authority = _authority(connection, desk, item, actor, roles)
        detail = {"until": until, "roles": list(roles)}
        if authority.principal != actor:
            detail["on_behalf_of"] = authority.principal
        Recorder(desk.policy, desk.clock).move(
            connection, correction_id, State.REJECTED, "waived", actor,
            f"waived until {until:%Y-%m-%d %H:%M}Z: {reason}", state_class=WAIVED,
            values={"decided_at": desk.clock()}, detail=detail,
        )  # fmt: skip
        return _grant(connection, desk, item, actor, reason, until)


def _grant(
    connection: sa.Connection, desk: Desk, item: Correction, actor: str, reason: str, until: datetime
) -> Waiver:
    granted = Waiver(
        waiver_id="w" + digest([item.correction_id, until.isoformat()])[:14],
        correction_id=item.correction_id,
        correction_key=item.correction_key,
        actor=actor,
        reason=reason,
        granted_at=desk.clock(),
        expires_at=until,
    )
    sequence = store.get(connection, item.correction_id).last_event_sequence
    row = {name: getattr(granted, name) for name in _FIELDS}
    connection.execute(waiver.insert().values(**row, event_sequence=sequence))
    return granted


def end(desk: Desk, correction_id: str, actor: str, roles: Sequence[str], reason: str) -> None:
    """End the waiver of a correction before its time: the finding may be proposed again.

    Raises `IllegalTransitionError` when no waiver of it is in force, `NotAllowedError` as `waive` does.
    """
    require_reason(reason, "ending a waiver")
    now = desk.clock()
    with writing(desk.engine) as connection:
        item = store.get(connection, correction_id)
        mine = sa.and_(waiver.c.correction_id == correction_id, *_live(now))
        if connection.execute(sa.select(waiver.c.waiver_id).where(mine)).first() is None:
            raise IllegalTransitionError(
                f"no waiver of correction {correction_id} is in force.",
                hint="`concord corrections waivers` lists them.",
            )
        _authority(connection, desk, item, actor, roles)
        step = Recorder(desk.policy, desk.clock).step(
            State.REJECTED, "waiver_ended", actor, reason, detail={"roles": list(roles)}
        )
        store.record_event(connection, correction_id, step, from_state=State.REJECTED)
        connection.execute(waiver.update().where(mine).values(ended_at=now, ended_by=actor))


def _require_period(desk: Desk, until: datetime) -> None:
    require_aware(until, "until")
    now, most = desk.clock(), desk.policy.policy.waive_at_most_days
    if until <= now:
        raise NotAllowedError("a waiver must end in the future (period).", hint="--until a later day.")
    if most is not None and until > now + timedelta(days=most):
        raise NotAllowedError(
            f"a waiver lasts {most} days at most (period).",
            hint="--until an earlier day; renew it when it ends.",
        )


def _authority(
    connection: sa.Connection, desk: Desk, item: Correction, actor: str, roles: Sequence[str]
) -> Authority:
    handed = delegations.in_force(connection, actor, desk.clock())
    deciding = item.approver_roles or desk.policy.unlimited_roles
    found = authority_for(desk.policy, replace(item, approver_roles=deciding), (), actor, roles, handed)
    if isinstance(found, Refusal):
        raise refused(found)
    return found


def _live(now: datetime) -> tuple[Any, ...]:
    return (waiver.c.ended_at.is_(None), waiver.c.expires_at > now)


def _read(row: sa.RowMapping) -> Waiver:
    return Waiver(**{name: row[name] for name in _FIELDS})
