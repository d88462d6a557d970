"""The clock of a decision: what waits too long goes to further roles, once per step, and the trail says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from reverse_etl import store
from reverse_etl.desk import Desk
from reverse_etl.governance import Governance
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.governance import escalation
from reverse_etl.ledger.schema import correction
from reverse_etl.models import SERVICE_ACTOR, Correction, State
from reverse_etl.recorder import Recorder
from reverse_etl.values import canonical_json


@dataclass(frozen=True, kw_only=True)
class Escalation:
    """One step taken: from this moment the roles may decide too."""

    correction_id: str
    step: int
    roles: tuple[str, ...]
    escalated_at: datetime


def escalate(desk: Desk) -> list[Escalation]:
    """Take every step of `escalate_after_hours` that is due, and return those taken now.

    A correction's clock starts when it is proposed. Running it again takes no step twice.
    """
    taken = []
    with writing(desk.engine) as connection:
        for step, rule in enumerate(desk.policy.policy.escalate_after_hours, start=1):
            due_since = desk.clock() - timedelta(hours=rule.hours)
            for correction_id in _due(connection, step, due_since):
                taken.append(_take(connection, desk, correction_id, step, tuple(rule.roles), rule.hours))
    return taken


def _due(connection: sa.Connection, step: int, since: datetime) -> Sequence[str]:
    c = correction.c
    is_taken = sa.exists().where(escalation.c.correction_id == c.correction_id, escalation.c.step == step)
    query = (
        sa.select(c.correction_id)
        .where(c.state == State.PROPOSED, c.proposed_at <= since, sa.not_(is_taken))
        .order_by(c.sequence)
    )
    return connection.execute(query).scalars().all()


def _take(
    connection: sa.Connection, desk: Desk, correction_id: str, step: int, roles: tuple[str, ...], hours: int
) -> Escalation:
    item = store.get(connection, correction_id)
    deciding = list(dict.fromkeys((*item.approver_roles, *roles)))
    connection.execute(
        correction.update()
        .where(correction.c.correction_id == correction_id)
        .values(approver_roles=canonical_json(deciding))
    )
    words = f"undecided for {hours} hours; {', '.join(roles)} may decide too"
    event = Recorder(desk.policy, desk.clock).step(
        State.PROPOSED, "escalated", SERVICE_ACTOR, words, detail={"step": step, "roles": list(roles)}
    )
    store.record_event(connection, correction_id, event, from_state=State.PROPOSED)
    sequence = store.get(connection, correction_id).last_event_sequence
    connection.execute(
        escalation.insert().values(
            correction_id=correction_id,
            step=step,
            roles=canonical_json(list(roles)),
            escalated_at=event.now,
            event_sequence=sequence,
        )
    )
    return Escalation(correction_id=correction_id, step=step, roles=roles, escalated_at=event.now)


def taken_for(desk: Desk, correction_ids: Sequence[str]) -> dict[str, list[Escalation]]:
    """The steps taken for each of the corrections, oldest first; those without one are left out."""
    found: dict[str, list[Escalation]] = {}
    with reading(desk.engine) as connection:
        for start in range(0, len(correction_ids), 500):
            part = correction_ids[start : start + 500]
            query = (
                sa.select(escalation).where(escalation.c.correction_id.in_(part)).order_by(escalation.c.step)
            )
            for row in connection.execute(query):
                found.setdefault(row.correction_id, []).append(
                    Escalation(
                        correction_id=row.correction_id, step=row.step, roles=tuple(json.loads(row.roles)),
                        escalated_at=row.escalated_at,
                    )
                )  # fmt: skip
    return found


def clock_words(governance: Governance, item: Correction, taken: Sequence[Escalation], now: datetime) -> str:
    """How long a correction has waited and what its clock says, such as ``26 h; escalated to controller``."""
    if item.state is not State.PROPOSED:
        return ""
    waited = (now - item.proposed_at) / timedelta(hours=1)
    words = f"{waited:.0f} h"
    if taken:
        words += f"; escalated to {', '.join(taken[-1].roles)}"
    steps = governance.policy.escalate_after_hours
    upcoming = [rule for number, rule in enumerate(steps, start=1) if number not in {t.step for t in taken}]
    if upcoming:
        left = upcoming[0].hours - waited
        ahead = f"in {left:.0f} h" if left > 0 else "now"
        words += f"; to {', '.join(upcoming[0].roles)} {ahead}"
    return words


def clocks(desk: Desk, items: Sequence[Correction]) -> dict[str, str]:
    """The words of every correction's clock, by id; empty for one that waits for nobody."""
    taken = taken_for(desk, [item.correction_id for item in items])
    return {
        item.correction_id: clock_words(desk.policy, item, taken.get(item.correction_id, ()), desk.clock())
        for item in items
    }
