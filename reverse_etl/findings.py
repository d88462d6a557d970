"""Findings in the ledger: where each stands after the last build, and what people decided about it.

What a state follows from is written in SQL (`fct_finding_state`); the ledger keeps the outcome, because a rebuilt
warehouse must not forget when a finding was first seen. Decisions are made here, each with its audit event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reverse_etl.desk import Desk, note, require_person, require_reason
from reverse_etl.errors import IllegalTransitionError, NotAllowedError, UnknownFindingError
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.findings import WAIVER_CLASSES, finding, finding_decision
from reverse_etl.models import require_aware
from reverse_etl.values import digest


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person laid down about a finding; a waiver has a class and an end."""

    decision_id: str
    finding_id: str
    kind: str
    reason: str
    actor: str
    decided_at: datetime
    reason_class: str | None = None
    expires_at: datetime | None = None


_FIELDS = tuple(Decision.__dataclass_fields__)


def record(engine: sa.Engine, rows: Iterable[Mapping[str, Any]]) -> int:
    """Put the states of a build into the ledger, in one transaction; returns how many findings changed.

    The same build recorded twice changes nothing.
    """
    columns = finding.columns.keys()
    with writing(engine) as connection:
        known = {row["finding_id"]: dict(row) for row in connection.execute(sa.select(finding)).mappings()}
        given = [{name: row[name] for name in columns} for row in rows]
        changed = [row for row in given if known.get(row["finding_id"]) != row]
        fresh = [row for row in changed if row["finding_id"] not in known]
        if fresh:
            connection.execute(finding.insert(), fresh)
        for row in changed:
            if row["finding_id"] in known:
                mine = finding.c.finding_id == row["finding_id"]
                connection.execute(finding.update().where(mine).values(**row))
    return len(changed)


def listing(
    desk: Desk, *, check_id: str | None = None, states: Sequence[str] = (), limit: int = 50
) -> list[Mapping[str, Any]]:
    """Findings as the last build left them, the most money at risk first."""
    query = sa.select(finding).where(finding.c.is_open) if not states else sa.select(finding)
    if states:
        query = query.where(finding.c.finding_state.in_(states))
    if check_id is not None:
        query = query.where(finding.c.check_id == check_id)
    with reading(desk.engine) as connection:
        rows: list[Mapping[str, Any]] = [dict(row) for row in connection.execute(query).mappings()]
    rows.sort(key=lambda row: (-(row["amount_at_risk_rc"] or 0), row["finding_id"]))
    return rows[:limit]


def acknowledge(desk: Desk, finding_id: str, actor: str, roles: Sequence[str], reason: str) -> Decision:
    """Take note of an open finding: its owner has seen it and acts in the owning system.

    Raises `UnknownFindingError`, `IllegalTransitionError` when it is not open, `NotAllowedError` for others.
    """
    return _decide(desk, finding_id, actor, roles, reason, {"kind": "acknowledged"})


def waive(
    desk: Desk,
    finding_id: str,
    actor: str,
    roles: Sequence[str],
    reason: str,
    *,
    until: datetime,
    reason_class: str,
) -> Decision:
    """Accept an open finding until a day, or say that the rule is wrong about it; then it is open again.

    Raises as `acknowledge` does, and `NotAllowedError` for an unknown class or a time that is over or too far.
    """
    if reason_class not in WAIVER_CLASSES:
        raise NotAllowedError(
            f"{reason_class!r} is no class of waiver (reason_class).",
            hint=f"one of: {', '.join(WAIVER_CLASSES)}.",
        )
    require_aware(until, "until")
    most = desk.policy.policy.waive_at_most_days
    if until <= desk.clock():
        raise NotAllowedError("a waiver must end in the future (period).", hint="--until a later day.")
    if most is not None and until > desk.clock() + timedelta(days=most):
        raise NotAllowedError(
            f"a waiver lasts {most} days at most (period).",
            hint="--until an earlier day; renew it when it ends.",
        )
    facts = {"kind": "waived", "reason_class": reason_class, "expires_at": until}
    return _decide(desk, finding_id, actor, roles, reason, facts)


def end_waiver(desk: Desk, finding_id: str, actor: str, roles: Sequence[str], reason: str) -> None:
    """End a finding's waiver before its time. Raises as `acknowledge` does."""
    require_person(actor)
    require_reason(reason, "ending a waiver")
    with writing(desk.engine) as connection:
        row = _get(connection, finding_id)
        _require_owner(desk, row, actor, roles)
        c = finding_decision.c
        mine = (
            c.finding_id == finding_id,
            c.kind == "waived",
            c.ended_at.is_(None),
            c.expires_at > desk.clock(),
        )
        if connection.execute(sa.select(c.decision_id).where(*mine)).first() is None:
            raise IllegalTransitionError(f"no waiver of finding {finding_id} is in force.", hint="nothing.")
        note(
            connection,
            desk,
            "finding_waiver_ended",
            actor,
            reason,
            {"finding": finding_id, "roles": list(roles)},
        )
        connection.execute(
            finding_decision.update().where(*mine).values(ended_at=desk.clock(), ended_by=actor)
        )


def _decide(
    desk: Desk, finding_id: str, actor: str, roles: Sequence[str], reason: str, facts: Mapping[str, Any]
) -> Decision:
    require_person(actor)
    require_reason(reason, "a decision on a finding")
    with writing(desk.engine) as connection:
        row = _get(connection, finding_id)
        if not row["is_open"]:
            raise IllegalTransitionError(
                f"finding {finding_id} is {row['finding_state']}, not open.",
                hint="`concord findings list` shows what is.",
            )
        _require_owner(desk, row, actor, roles)
        detail = {"finding": finding_id, "check": row["check_id"], "roles": list(roles), **facts}
        sequence = note(connection, desk, f"finding_{facts['kind']}", actor, reason, detail)
        decision = Decision(
            decision_id="f" + digest([finding_id, sequence])[:14], finding_id=finding_id, reason=reason,
            actor=actor, decided_at=desk.clock(), **facts,
        )  # fmt: skip
        values = {name: getattr(decision, name) for name in _FIELDS}
        connection.execute(finding_decision.insert().values(**values, event_sequence=sequence))
    return decision


def _get(connection: sa.Connection, finding_id: str) -> sa.RowMapping:
    row = (
        connection.execute(sa.select(finding).where(finding.c.finding_id == finding_id))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise UnknownFindingError(
            f"no build has recorded a finding {finding_id}.",
            hint="`concord findings list` shows the known ones.",
        )
    return row


def _require_owner(desk: Desk, row: sa.RowMapping, actor: str, roles: Sequence[str]) -> None:
    """The owner of the check decides, or a role without a money limit, within their business units."""
    deciders = {row["owner_role"], *desk.policy.unlimited_roles}
    if not deciders & set(roles):
        raise NotAllowedError(
            f"{actor} decides nothing about findings of {row['check_id']} (role).",
            hint=f"ask one of: {', '.join(sorted(deciders))}.",
        )
    person = desk.policy.person(actor)
    unit = row["business_unit_id"]
    if person is not None and unit is not None and unit not in person.business_units:
        raise NotAllowedError(
            f"{actor} does not decide for business unit {unit} (business_unit).",
            hint="ask somebody of that unit.",
        )
