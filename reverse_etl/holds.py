"""Checks held back because a control total of what they read does not tie (X03, reconciliation page section 7).

A hold is laid down and lifted by the build alone, never by a person: the figures decide. Corrections keep their state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from reverse_etl.desk import Desk, note
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.governance import check_hold
from reverse_etl.models import SERVICE_ACTOR


@dataclass(frozen=True, kw_only=True)
class Hold:
    """One check that is held back, why, and since when."""

    check_id: str
    reason: str
    held_at: datetime


@dataclass(kw_only=True)
class HoldReport:
    """What a build changed."""

    held: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)


def settle(desk: Desk, reasons: Mapping[str, str]) -> HoldReport:
    """Hold back exactly the checks of `reasons` (check id to words) from now on; every turn is in the audit trail."""
    report = HoldReport()
    with writing(desk.engine) as connection:
        known = holding(connection)
        for check_id in sorted(known.keys() - reasons.keys()):
            connection.execute(check_hold.delete().where(check_hold.c.check_id == check_id))
            note(
                connection,
                desk,
                "check_released",
                SERVICE_ACTOR,
                "the figures tie again",
                {"check": check_id},
            )
            report.released.append(check_id)
        for check_id, reason in sorted(reasons.items()):
            if check_id not in known:
                _hold(connection, desk, check_id, reason)
                report.held.append(check_id)
            elif known[check_id].reason != reason:
                connection.execute(check_hold.delete().where(check_hold.c.check_id == check_id))
                _hold(connection, desk, check_id, reason)
    return report


def _hold(connection: sa.Connection, desk: Desk, check_id: str, reason: str) -> None:
    sequence = note(connection, desk, "check_held", SERVICE_ACTOR, reason, {"check": check_id})
    connection.execute(
        check_hold.insert().values(
            check_id=check_id, reason=reason, held_at=desk.clock(), event_sequence=sequence
        )
    )


def holding(connection: sa.Connection) -> dict[str, Hold]:
    """The checks that are held back now."""
    query = sa.select(check_hold.c.check_id, check_hold.c.reason, check_hold.c.held_at)
    rows = connection.execute(query.order_by(check_hold.c.check_id))
    return {row.check_id: Hold(check_id=row.check_id, reason=row.reason, held_at=row.held_at) for row in rows}


def listing(engine: sa.Engine) -> list[Hold]:
    """The checks that are held back now, by id."""
    with reading(engine) as connection:
        return list(holding(connection).values())
