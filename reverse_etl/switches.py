"""Kill switches set at run time: while one is on, its check proposes nothing and nothing of it is written.

Those of config/policy.yml hold as well and can only be taken back there; `reverse_etl.holds` lift by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from reverse_etl import holds
from reverse_etl.desk import Desk, note, require_person, require_reason, require_role
from reverse_etl.errors import IllegalTransitionError, NotAllowedError, SilencedError
from reverse_etl.governance import Governance
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.governance import kill_switch
from reverse_etl.models import SERVICE_ACTOR


@dataclass(frozen=True, kw_only=True)
class Switch:
    """One check that is switched off. `actor` and `changed_at` are empty when configuration says so."""

    check_id: str
    reason: str
    actor: str | None = None
    changed_at: datetime | None = None


def killed(connection: sa.Connection, governance: Governance) -> frozenset[str]:
    """The checks whose kill switch is on, by configuration or at run time."""
    query = sa.select(kill_switch.c.check_id).where(kill_switch.c.is_on)
    return frozenset(connection.execute(query).scalars()) | frozenset(governance.policy.kill_switches)


def silent(connection: sa.Connection, governance: Governance) -> frozenset[str]:
    """The checks of which nothing is proposed or written now: switched off, or held back by a control total."""
    return killed(connection, governance) | holds.holding(connection).keys()


def require_heard(connection: sa.Connection, governance: Governance, check_id: str) -> None:
    """What a worker asks a last time before it writes. Raises `SilencedError` when the check fell silent meanwhile."""
    since = "since the claim; nothing was sent"
    if check_id in killed(connection, governance):
        words = f"check {check_id} was switched off {since}."
        raise SilencedError("kill_switch", words, hint="nothing; it goes on when it is switched on again.")
    hold = holds.holding(connection).get(check_id)
    if hold is not None:
        words = f"check {check_id} was held back {since}: {hold.reason}."
        raise SilencedError("control_total", words, hint="nothing; it goes on once a new read ties.")


def listing(desk: Desk) -> list[Switch]:
    """Every check that is switched off, those of configuration first, those held back by a control total last."""
    found = [Switch(check_id=one, reason="config/policy.yml") for one in desk.policy.policy.kill_switches]
    query = sa.select(kill_switch).where(kill_switch.c.is_on).order_by(kill_switch.c.check_id)
    with reading(desk.engine) as connection:
        for row in connection.execute(query):
            found.append(
                Switch(check_id=row.check_id, reason=row.reason, actor=row.actor, changed_at=row.changed_at)
            )
        for hold in holds.holding(connection).values():
            found.append(
                Switch(
                    check_id=hold.check_id, reason=hold.reason, actor=SERVICE_ACTOR, changed_at=hold.held_at
                )
            )
    return found


def kill(desk: Desk, check_id: str, actor: str, roles: Sequence[str], reason: str) -> None:
    """Switch a check off from now on: the next claim and the next proposal know it.

    Raises `NotAllowedError` for an unknown check or somebody outside `kill_switch_roles`,
    `IllegalTransitionError` when it is off already.
    """
    _turn(desk, check_id, actor, roles, reason, is_on=True)


def restore(desk: Desk, check_id: str, actor: str, roles: Sequence[str], reason: str) -> None:
    """Take a run-time kill switch back. Raises as `kill` does, and for a switch of configuration."""
    if check_id in desk.policy.policy.kill_switches:
        raise NotAllowedError(
            f"check {check_id} is switched off by configuration (kill_switch).",
            hint="take it out of kill_switches in config/policy.yml.",
        )
    _turn(desk, check_id, actor, roles, reason, is_on=False)


def _turn(desk: Desk, check_id: str, actor: str, roles: Sequence[str], reason: str, *, is_on: bool) -> None:
    require_person(actor)
    require_reason(reason, "a kill switch")
    require_role(actor, roles, desk.policy.kill_switch_roles, "turn a kill switch")
    known = {rule.check for rule in desk.policy.policy.rules}
    if check_id not in known:
        raise NotAllowedError(
            f"no rule of config/policy.yml is about check {check_id} (unknown_check).",
            hint=f"one of: {', '.join(sorted(known))}.",
        )
    with writing(desk.engine) as connection:
        row = connection.execute(
            sa.select(kill_switch).where(kill_switch.c.check_id == check_id)
        ).one_or_none()
        if (row is not None and row.is_on) == is_on:
            raise IllegalTransitionError(
                f"the kill switch of {check_id} is {'on' if is_on else 'off'} already.", hint="nothing."
            )
        event = "kill_switch_on" if is_on else "kill_switch_off"
        sequence = note(connection, desk, event, actor, reason, {"check": check_id, "roles": list(roles)})
        values = {
            "is_on": is_on, "actor": actor, "reason": reason, "changed_at": desk.clock(), "event_sequence": sequence,
        }  # fmt: skip
        if row is None:
            connection.execute(kill_switch.insert().values(check_id=check_id, **values))
        else:
            connection.execute(
                kill_switch.update().where(kill_switch.c.check_id == check_id).values(**values)
            )
