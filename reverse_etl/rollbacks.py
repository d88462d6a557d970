"""Rolling back a change set: each of its corrections by a governed one that restores the before-image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from reverse_etl import store
from reverse_etl.errors import CorrectionError, UnknownCorrectionError
from reverse_etl.ledger import reading
from reverse_etl.ledger.schema import attempt, correction
from reverse_etl.models import Dependency, State
from reverse_etl.outbox import Outbox


@dataclass(kw_only=True)
class RollbackReport:
    """What was proposed to undo, newest change first, and what cannot be undone by a machine."""

    proposed: dict[str, str] = field(default_factory=dict)
    """Correction that is undone -> the correction that undoes it."""
    refused: dict[str, str] = field(default_factory=dict)
    """Correction -> why it cannot be undone, and what to do."""


def of_run(outbox: Outbox, run_id: str) -> list[str]:
    """Ids of what a dispatch run applied and nobody has undone. Raises `UnknownCorrectionError` for no such run."""
    with reading(outbox.engine) as connection:
        made = sa.select(attempt.c.correction_id).where(attempt.c.run_id == run_id)
        if connection.execute(made.limit(1)).scalar() is None:
            raise UnknownCorrectionError(
                f"no attempt was made by a run {run_id}.", hint="the report of a dispatch names its run."
            )
        query = sa.select(correction.c.correction_id).where(
            correction.c.correction_id.in_(made),
            correction.c.state.in_((State.DELIVERED, State.VERIFIED)),
        )
        return list(connection.execute(query.order_by(correction.c.sequence)).scalars())


def propose(
    outbox: Outbox, ids: Sequence[str], actor: str, reason: str, *, roles: Sequence[str]
) -> RollbackReport:
    """Propose to undo applied corrections, the newest first; people approve each as policy demands.

    Each is conflict-checked when it is written: a value that has moved since our write is left alone. Two changes
    of one record are undone in reverse order. One that cannot be undone never stops the others.
    """
    with reading(outbox.engine) as connection:
        items = sorted((store.get(connection, i) for i in set(ids)), key=lambda item: -item.sequence)
    report = RollbackReport()
    newest_undo: dict[tuple[str, str, str], str] = {}
    for item in items:
        record = (item.target_instance, item.target_object, item.record_key)
        before = newest_undo.get(record)
        waits = (Dependency(correction_id=before),) if before else ()
        try:
            undo = outbox.rollback(item.correction_id, actor, reason, roles=roles, depends_on=waits)
        except CorrectionError as error:
            report.refused[item.correction_id] = str(error)
            continue
        if undo.state is State.REJECTED:
            report.refused[item.correction_id] = f"policy forbids it: {undo.state_reason}"
            continue
        report.proposed[item.correction_id] = newest_undo[record] = undo.correction_id
    return report
