"""Identity: a person says that two records are one thing, are not, or no longer count as one.

A machine only suggests (rung 5 of the matching ladder, or several candidates on one rung). What is accepted counts
from the next build on as a stored reference; what is rejected is not suggested again; a wrong link is ended and kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reverse_etl.desk import Desk, note, require_person, require_reason
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.identity import ACCEPTED, ENDED, REJECTED, identity_decision
from reverse_etl.values import digest

_NOTED = {ACCEPTED: "identity_accepted", REJECTED: "identity_rejected", ENDED: "identity_ended"}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two records as the published copy lays them side by side."""

    record_key: str
    target_key: str
    method: str
    score: str  # decimal text
    linked_from: datetime | None = None  # of a link: since when it counted

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Pair:
        """From a row of `dim_identity_suggestion` or `dim_identity_link`."""
        return cls(
            record_key=row["record_key"], target_key=row["target_key"], method=row["method"],
            score=str(row["score"]), linked_from=row.get("valid_from"),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One decision in force."""

    decision_id: str
    record_key: str
    target_key: str
    kind: str
    actor: str
    reason: str
    decided_at: datetime


_FIELDS = tuple(Decision.__dataclass_fields__)


def accept(desk: Desk, pair: Pair, actor: str, roles: Sequence[str], reason: str) -> Decision:
    """The two are one: from the next build on they are linked on rung 1."""
    return _decide(desk, pair, ACCEPTED, actor, roles, reason)


def reject(desk: Desk, pair: Pair, actor: str, roles: Sequence[str], reason: str) -> Decision:
    """The two are not one: the pair is not suggested again, and no rung links it."""
    return _decide(desk, pair, REJECTED, actor, roles, reason)


def end(desk: Desk, pair: Pair, actor: str, roles: Sequence[str], reason: str) -> Decision:
    """A link was wrong: from now on nothing links the two, and the link stays on record with its end."""
    return _decide(desk, pair, ENDED, actor, roles, reason)


def listing(desk: Desk) -> list[Decision]:
    """Every decision in force, the newest first."""
    query = (
        sa.select(identity_decision)
        .where(identity_decision.c.ended_at.is_(None))
        .order_by(identity_decision.c.decided_at.desc(), identity_decision.c.decision_id)
    )
    with reading(desk.engine) as connection:
        return [_read(row) for row in connection.execute(query).mappings()]


def _decide(desk: Desk, pair: Pair, kind: str, actor: str, roles: Sequence[str], reason: str) -> Decision:
    """Raises `NotAllowedError` for a machine, without a reason or a role that decides identity;
    `IllegalTransitionError` when the same decision is already in force."""
    require_person(actor)
    require_reason(reason, "a decision on identity")
    _require_role(desk, actor, roles)
    now = desk.clock()
    with writing(desk.engine) as connection:
        c = identity_decision.c
        mine = sa.and_(c.record_key == pair.record_key, c.target_key == pair.target_key, c.ended_at.is_(None))
        before = connection.execute(sa.select(identity_decision).where(mine)).mappings().one_or_none()
        if before is not None and before["kind"] == kind:
            raise IllegalTransitionError(
                f"{pair.record_key} and {pair.target_key}: already {kind} by {before['actor']}.",
                hint="`concord identity decisions` lists what is in force.",
            )
        facts = {
            "record": pair.record_key, "target": pair.target_key, "method": pair.method, "score": pair.score,
            "roles": list(roles), "before": before["decision_id"] if before is not None else None,
        }  # fmt: skip
        sequence = note(connection, desk, _NOTED[kind], actor, reason, facts)
        if before is not None:
            connection.execute(identity_decision.update().where(mine).values(ended_at=now, ended_by=actor))
        row: dict[str, Any] = {
            "decision_id": "i" + digest([pair.record_key, pair.target_key, kind, sequence])[:14],
            "record_key": pair.record_key, "target_key": pair.target_key, "kind": kind, "method": pair.method,
            "score": pair.score, "linked_from": pair.linked_from, "actor": actor, "reason": reason,
            "decided_at": now, "event_sequence": sequence,
        }  # fmt: skip
        connection.execute(identity_decision.insert().values(**row))
    return Decision(**{name: row[name] for name in _FIELDS})


def _require_role(desk: Desk, actor: str, roles: Sequence[str]) -> None:
    deciding = desk.policy.identity_roles
    if not set(roles) & set(deciding):
        raise NotAllowedError(
            f"{actor} does not decide which records are one (role).",
            hint=f"one of the roles {', '.join(deciding)} does: identity_roles in config/policy.yml.",
        )


def _read(row: sa.RowMapping) -> Decision:
    return Decision(**{name: row[name] for name in _FIELDS})
