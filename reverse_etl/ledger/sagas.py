"""Tables of sagas: what was started for which trigger, and where each of its steps stands."""

from __future__ import annotations

import sqlalchemy as sa

from reverse_etl.ledger.schema import Moment, metadata

_SAGA_STATES = ("refused", "running", "completed", "verified", "compensating", "compensated", "stuck")
_STEP_STATES = ("pending", "open", "done", "skipped", "failed", "withdrawn", "undo_open", "undone",
               "nothing_to_undo", "undo_failed")  # fmt: skip


def _in(states: tuple[str, ...]) -> str:
    return f"state IN ({', '.join(repr(state) for state in states)})"


saga = sa.Table(
    "saga",
    metadata,
    sa.Column("saga_key", sa.String(200), primary_key=True),
    sa.Column("process_id", sa.String(16), nullable=False),
    sa.Column("process_name", sa.String(80), nullable=False),
    sa.Column("trigger_key", sa.String(160), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("state_reason", sa.Text),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("started_by", sa.String(120), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.CheckConstraint(_in(_SAGA_STATES), name="ck_saga_state"),
)

sa.Index("ix_saga_state", saga.c.state, saga.c.started_at)

saga_step = sa.Table(
    "saga_step",
    metadata,
    sa.Column("saga_key", sa.ForeignKey("saga.saga_key"), primary_key=True),
    sa.Column("step_id", sa.String(80), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("state_reason", sa.Text),
    sa.Column("correction_id", sa.ForeignKey("correction.correction_id")),
    sa.Column("undo_correction_id", sa.ForeignKey("correction.correction_id")),
    sa.Column("result", sa.String(200)),
    sa.Column("updated_at", Moment, nullable=False),
    sa.CheckConstraint(_in(_STEP_STATES), name="ck_saga_step_state"),
)

sa.Index("ix_saga_step_correction", saga_step.c.correction_id)
sa.Index("ix_saga_step_undo", saga_step.c.undo_correction_id)
