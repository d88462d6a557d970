"""Nothing is lost: what ever came in is in exactly one state, and the audit trail agrees with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from reverse_etl import audit, store
from reverse_etl.ledger import reading
from reverse_etl.ledger.schema import audit_chain, audit_event, correction
from reverse_etl.models import State


@dataclass(frozen=True, kw_only=True)
class Conservation:
    """The count in against the sum over the states."""

    proposed: int
    """How many corrections the audit trail says came in, without those that were archived whole."""
    by_state: dict[str, int]
    """How many stand in each state, every state listed."""
    strays: tuple[str, ...]
    """Ids whose state is not the one the audit trail last gave them, at most a hundred."""

    @property
    def is_whole(self) -> bool:
        """Whether the count in equals the sum over the states and every state has its event."""
        return self.proposed == sum(self.by_state.values()) and not self.strays

    @property
    def words(self) -> str:
        """The result in a sentence."""
        found = sum(self.by_state.values())
        if self.is_whole:
            return f"{self.proposed} corrections came in and {found} are in a state"
        told = f"{self.proposed} corrections came in and {found} are in a state; they must be equal"
        if self.strays:
            told += f"; not in the state the audit trail gave them: {', '.join(self.strays)}"
        return (
            f"{told}. What to do: run `concord corrections audit verify`, and compare with the last backup."
        )


def check(engine: sa.Engine) -> Conservation:
    """Count what came in and where it is now, in one reading transaction."""
    with reading(engine) as connection:
        came_in = sa.select(sa.func.count()).where(audit_event.c.event == "proposed")
        counts, anchor = store.count_by_state(connection), audit.last_anchor(connection)
        archived = anchor.proposed - anchor.corrections if anchor else 0
        return Conservation(
            proposed=int(connection.execute(came_in).scalar_one()) + archived,
            by_state={state.value: counts.get(state, 0) for state in State},
            strays=tuple(connection.execute(_strays()).scalars()),
        )


def _strays() -> sa.Select[Any]:
    """Corrections whose last event is another's, or gave them another state; archived events are vouched for apart."""
    last = audit_event.c.sequence == correction.c.last_event_sequence
    return (
        sa.select(correction.c.correction_id)
        .outerjoin(audit_event, last)
        .where(
            correction.c.last_event_sequence > sa.select(audit_chain.c.start_sequence).scalar_subquery(),
            sa.or_(
                audit_event.c.sequence.is_(None),
                audit_event.c.correction_id != correction.c.correction_id,
                audit_event.c.to_state != correction.c.state,
            ),
        )
        .order_by(correction.c.sequence)
        .limit(100)
    )
