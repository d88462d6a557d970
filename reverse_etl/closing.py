"""Month-end close of a company: evidence, signatures by role, freeze, and reopening with a reason.

A signature is on evidence: the outcome of each close check with the hash of its findings, and the month's figures and
rows. What changes afterwards has to be signed anew; a frozen month never changes, later changes are differences
(reconciliation 8; metrics 9: closed periods come from snapshots taken at close).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from config.schema import Close
from reverse_etl.desk import Desk, note, require_person, require_reason
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.closing import close_evidence, close_figure, close_item, close_month, close_sign_off
from reverse_etl.values import digest


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one close check said about a company's month; `blocking` counts open S1 findings that nobody accepted."""

    check_id: str
    outcome: str
    reason: str | None
    rule_version: str | None
    query_version: str | None
    findings: int
    blocking: int
    amount_at_risk_rc: Any
    rows_hash: str
    source_loaded_at: datetime | None

    @property
    def problem(self) -> str | None:
        """Why the month cannot be signed on it, or None."""
        if self.outcome != "evaluated":
            return f"{self.check_id} {self.outcome.replace('_', ' ')}: {self.reason}"
        return f"{self.check_id} has {self.blocking} open S1 finding(s)" if self.blocking else None


@dataclass(frozen=True, kw_only=True)
class MonthPicture:
    """A company's month as the published copy shows it now."""

    legal_entity_id: str
    month: date
    as_of: datetime
    is_over: bool
    evidence: tuple[Evidence, ...]
    figures: tuple[Mapping[str, Any], ...]
    items: tuple[Mapping[str, Any], ...]

    @property
    def problems(self) -> list[str]:
        """What stands in the way of signing."""
        over = [] if self.is_over else ["the month is not over"]
        return over + [problem for one in self.evidence if (problem := one.problem)]

    @property
    def hash(self) -> str:
        """One hash over everything a signature covers; load times are not part of it."""
        checks = [
            [e.check_id, e.outcome, e.rule_version, e.query_version, e.findings, e.rows_hash]
            for e in self.evidence
        ]
        figures = [[one["metric"], one["unit"], str(one["value"])] for one in self.figures]
        return digest(
            [checks, figures, [[one["item_kind"], one["item_id"], one["item_hash"]] for one in self.items]]
        )


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a company's month stands: open (round is the next one), frozen or reopened, and who has signed."""

    state: str
    round: int
    signed: Mapping[str, tuple[str, str]]
    """Role -> (who, hash of what was signed)."""
    frozen_at: datetime | None = None
    frozen_by: str | None = None


def standing(desk: Desk, legal_entity_id: str, month: date) -> Standing:
    """Where the month stands in the ledger."""
    with reading(desk.engine) as connection:
        return _standing(connection, legal_entity_id, month)


def record_evidence(desk: Desk, picture: MonthPicture) -> bool:
    """Keep the evidence of an open month; the same evidence is kept once. Returns whether it is new."""
    with writing(desk.engine) as connection:
        now = _standing(connection, picture.legal_entity_id, picture.month)
        return now.state != "frozen" and _keep_evidence(connection, desk, picture, now.round)


def sign_off(
    desk: Desk, rules: Close, picture: MonthPicture, actor: str, roles: Sequence[str], role: str, words: str
) -> Standing:
    """Sign the month in a role, on the evidence as it is now; one person signs in one role only.

    Raises `NotAllowedError` when a check is missing, not evaluated or blocked, or the person may not sign so.
    """
    require_person(actor)
    _require_role(rules, actor, roles, role)
    if picture.problems:
        raise NotAllowedError(
            f"{_name(picture)} cannot be signed: {'; '.join(picture.problems)} (evidence).",
            hint="read the systems, settle or waive what blocks, build, and sign then.",
        )
    key = _key(picture)
    with writing(desk.engine) as connection:
        now = _open(connection, picture)
        others = {
            who: held for held, (who, signed) in now.signed.items() if held != role and signed == picture.hash
        }
        if actor in others:
            raise NotAllowedError(
                f"{actor} has signed as {others[actor]} already (four_eyes).",
                hint="another person signs this role.",
            )
        _keep_evidence(connection, desk, picture, now.round)
        detail = {**_facts(picture), "role": role, "round": now.round, "evidence": picture.hash}
        sequence = note(connection, desk, "close_signed", actor, words, detail)
        of_role = {**key, "round": now.round, "role": role}
        mine = (close_sign_off.c[name] == value for name, value in of_role.items())
        connection.execute(close_sign_off.delete().where(*mine))
        connection.execute(
            close_sign_off.insert().values(
                **of_role, actor=actor, evidence_hash=picture.hash, note=words,
                signed_at=desk.clock(), event_sequence=sequence,
            )
        )  # fmt: skip
        return _standing(connection, picture.legal_entity_id, picture.month)


def freeze(desk: Desk, rules: Close, picture: MonthPicture, actor: str, roles: Sequence[str]) -> Standing:
    """Keep the figures and rows of a month that every role has signed as it is now.

    Raises `NotAllowedError` when a signature is missing or was given on other evidence.
    """
    require_person(actor)
    if not set(roles) & set(rules.sign_off_roles):
        raise NotAllowedError(f"{actor} does not close months (role).", hint=_ask(rules.sign_off_roles))
    key = _key(picture)
    with writing(desk.engine) as connection:
        now = _open(connection, picture)
        missing = [role for role in rules.sign_off_roles if role not in now.signed]
        stale = [
            role
            for role, (_, signed) in now.signed.items()
            if signed != picture.hash and role in rules.sign_off_roles
        ]
        if missing or stale:
            words = [f"not signed by {role}" for role in missing] + [
                f"changed since {role} signed" for role in stale
            ]
            raise NotAllowedError(
                f"{_name(picture)} is not ready to freeze: {', '.join(words)} (signatures).",
                hint="`concord close sign-off` in these roles.",
            )
        sequence = note(
            connection, desk, "close_frozen", actor, f"{_name(picture)} is frozen",
            {**_facts(picture), "round": now.round, "evidence": picture.hash, "items": len(picture.items)},
        )  # fmt: skip
        of_round = {**key, "round": now.round}
        connection.execute(
            close_month.insert().values(
                **of_round, state="frozen", evidence_hash=picture.hash, as_of=picture.as_of, frozen_at=desk.clock(),
                frozen_by=actor, event_sequence=sequence,
            )
        )  # fmt: skip
        for table, rows in ((close_figure, picture.figures), (close_item, picture.items)):
            kept = [
                {**{c.name: row[c.name] for c in table.columns if c.name in row}, **of_round} for row in rows
            ]
            if kept:
                connection.execute(table.insert(), kept)
        return _standing(connection, picture.legal_entity_id, picture.month)


def reopen(
    desk: Desk, legal_entity_id: str, month: date, actor: str, roles: Sequence[str], reason: str
) -> Standing:
    """Open a frozen month again, for a reason; what was frozen is kept as its round.

    It takes a role without a money limit. Raises `NotAllowedError`, and `IllegalTransitionError` when it is not frozen.
    """
    require_person(actor)
    require_reason(reason, "reopening a month")
    if not set(roles) & set(desk.policy.unlimited_roles):
        raise NotAllowedError(
            f"{actor} does not reopen months (role).", hint=_ask(desk.policy.unlimited_roles)
        )
    with writing(desk.engine) as connection:
        now = _standing(connection, legal_entity_id, month)
        if now.state != "frozen":
            raise IllegalTransitionError(f"{legal_entity_id} {month:%Y-%m} is not frozen.", hint="nothing.")
        detail = {"legal_entity": legal_entity_id, "month": f"{month:%Y-%m}", "round": now.round}
        note(connection, desk, "close_reopened", actor, reason, detail)
        c = close_month.c
        mine = sa.and_(c.legal_entity_id == legal_entity_id, c.month == month, c.round == now.round)
        values = {
            "state": "reopened",
            "reopened_at": desk.clock(),
            "reopened_by": actor,
            "reopen_reason": reason,
        }
        connection.execute(close_month.update().where(mine).values(**values))
        return _standing(connection, legal_entity_id, month)


def _keep_evidence(connection: sa.Connection, desk: Desk, picture: MonthPicture, number: int) -> bool:
    c = close_evidence.c
    same = sa.and_(c.legal_entity_id == picture.legal_entity_id, c.month == picture.month, c.round == number,
                   c.evidence_hash == picture.hash)  # fmt: skip
    if connection.execute(sa.select(c.check_id).where(same)).first() is not None:
        return False
    rows = [
        {**_key(picture), "round": number, "evidence_hash": picture.hash, "taken_at": desk.clock(),
         **{name: getattr(one, name) for name in Evidence.__dataclass_fields__}}
        for one in picture.evidence
    ]  # fmt: skip
    if rows:
        connection.execute(close_evidence.insert(), rows)
    return bool(rows)


def _standing(connection: sa.Connection, legal_entity_id: str, month: date) -> Standing:
    c = close_month.c
    query = sa.select(close_month).where(c.legal_entity_id == legal_entity_id, c.month == month)
    last = connection.execute(query.order_by(c.round.desc()).limit(1)).mappings().one_or_none()
    is_frozen = last is not None and last["state"] == "frozen"
    number = last["round"] + (0 if is_frozen else 1) if last is not None else 1
    s = close_sign_off.c
    signed = connection.execute(
        sa.select(s.role, s.actor, s.evidence_hash).where(
            s.legal_entity_id == legal_entity_id, s.month == month, s.round == number
        )
    ).all()
    return Standing(
        state="open" if last is None else last["state"], round=number,
        signed={role: (actor, signed_hash) for role, actor, signed_hash in signed},
        frozen_at=last["frozen_at"] if is_frozen and last else None,
        frozen_by=last["frozen_by"] if is_frozen and last else None,
    )  # fmt: skip


def _open(connection: sa.Connection, picture: MonthPicture) -> Standing:
    now = _standing(connection, picture.legal_entity_id, picture.month)
    if now.state == "frozen":
        raise IllegalTransitionError(
            f"{_name(picture)} is frozen already.",
            hint="a later change is a difference: `concord close differences`.",
        )
    return now


def _require_role(rules: Close, actor: str, roles: Sequence[str], role: str) -> None:
    if role not in rules.sign_off_roles:
        raise NotAllowedError(
            f"{role} signs no close (role).", hint=f"one of: {', '.join(rules.sign_off_roles)}."
        )
    if role not in roles:
        raise NotAllowedError(f"{actor} does not hold the role {role} (role).", hint=_ask([role]))


def _ask(roles: Sequence[str]) -> str:
    return f"ask one of: {', '.join(roles)}."


def _name(picture: MonthPicture) -> str:
    return f"{picture.legal_entity_id} {picture.month:%Y-%m}"


def _key(picture: MonthPicture) -> dict[str, Any]:
    return {"legal_entity_id": picture.legal_entity_id, "month": picture.month}


def _facts(picture: MonthPicture) -> dict[str, Any]:
    return {"legal_entity": picture.legal_entity_id, "month": f"{picture.month:%Y-%m}"}
