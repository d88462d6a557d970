"""How much standing policy may let through by itself, per run and per day of the firm; beyond it a person is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from config.schema import Caps
from reverse_etl.ledger.schema import approval, correction
from reverse_etl.models import POLICY_ACTOR


@dataclass(frozen=True, kw_only=True)
class Volume:
    """How many corrections, and how much money at risk in reporting currency (unsigned)."""

    count: int
    money: Decimal

    @classmethod
    def of(cls, amounts: Sequence[Decimal]) -> Volume:
        """The volume of corrections with these amounts."""
        return cls(count=len(amounts), money=sum(amounts, Decimal(0)))

    def __add__(self, other: Volume) -> Volume:
        return Volume(count=self.count + other.count, money=self.money + other.money)


def why_stopped(caps: Caps, run: Volume, today: Volume) -> str | None:
    """Why this run must ask a person, or ``None``. `today` is what went through earlier on the same day."""
    if run.count == 0:
        return None
    if run.count > caps.automatic_count:
        return f"this run would let {run.count} through by itself; its cap is {caps.automatic_count}"
    if run.money > caps.automatic_amount:
        return f"this run would let {run.money} through by itself; its cap is {caps.automatic_amount}"
    both = run + today
    if caps.automatic_count_per_day is not None and both.count > caps.automatic_count_per_day:
        return (
            f"with this run {both.count} would have gone through by themselves today; "
            f"the cap is {caps.automatic_count_per_day} a day"
        )
    if caps.automatic_amount_per_day is not None and both.money > caps.automatic_amount_per_day:
        return (
            f"with this run {both.money} would have gone through by themselves today; "
            f"the cap is {caps.automatic_amount_per_day} a day"
        )
    return None


def automatic_since(connection: sa.Connection, moment: datetime) -> Volume:
    """What standing policy has approved from `moment` on, whatever became of it since."""
    query = (
        sa.select(correction.c.amount_at_risk_rc)
        .join(approval, approval.c.correction_id == correction.c.correction_id)
        .where(approval.c.actor == POLICY_ACTOR, approval.c.decided_at >= moment)
    )
    return Volume.of([abs(money or Decimal(0)) for money in connection.execute(query).scalars()])
