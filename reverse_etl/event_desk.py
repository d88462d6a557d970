"""What a person does about deliveries of events: send again, revive dead letters, give one up.

Each takes a role and enters the audit trail: what a subscriber is told again, or never, changes what it believes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from config.schema import Subscription
from reverse_etl.authority import OPERATOR_ROLE, role_refusal
from reverse_etl.desk import Desk, refused, require_person, require_reason
from reverse_etl.events import queue
from reverse_etl.ledger import writing


def replay(
    desk: Desk,
    wanted: Subscription,
    actor: str,
    roles: Sequence[str],
    *,
    since: datetime,
    until: datetime | None = None,
    types: Sequence[str] = (),
) -> int:
    """Queue events of a span of time again; returns how many. Raises `NotAllowedError`."""
    _require(desk, actor, roles, OPERATOR_ROLE)
    with writing(desk.engine) as connection:
        return queue.replay(
            connection, wanted, since=since, until=until, types=types, actor=actor, now=desk.clock()
        )


def revive(desk: Desk, deliveries: Sequence[int], actor: str, roles: Sequence[str]) -> None:
    """Send dead letters again from their first attempt, all of them or none.

    Raises `NotAllowedError`, and `UnknownDeliveryError` for what is no dead letter.
    """
    _require(desk, actor, roles, OPERATOR_ROLE)
    with writing(desk.engine) as connection:
        for delivery_id in deliveries:
            queue.revive(connection, delivery_id, actor, desk.clock())


def drop(desk: Desk, delivery_id: int, actor: str, roles: Sequence[str], reason: str) -> None:
    """Give a dead letter up for good; raises as `revive` does, and without a reason.

    An operator alone does not: the subscriber will never hear it.
    """
    require_reason(reason, "a drop")
    _require(desk, actor, roles)
    with writing(desk.engine) as connection:
        queue.drop(connection, delivery_id, actor, reason, desk.clock())


def _require(desk: Desk, actor: str, roles: Sequence[str], *further: str) -> None:
    require_person(actor)
    able = (*desk.policy.event_roles, *further)
    if not set(roles) & set(able):
        raise refused(role_refusal(actor, able))
