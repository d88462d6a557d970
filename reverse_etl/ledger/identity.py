"""What people decided about which records are one thing; a decision is ended, never deleted."""

from __future__ import annotations

import sqlalchemy as sa

from reverse_etl.ledger.schema import Moment, metadata

ACCEPTED, REJECTED, ENDED = "accepted", "rejected", "ended"

identity_decision = sa.Table(
    "identity_decision",
    metadata,
    sa.Column("decision_id", sa.String(40), primary_key=True),
    sa.Column("record_key", sa.String(200), nullable=False),
    sa.Column("target_key", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("method", sa.String(40), nullable=False),
    sa.Column("score", sa.String(24), nullable=False),
    sa.Column("linked_from", Moment),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("decided_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.String(120)),
    sa.Column("event_sequence", sa.Integer, nullable=False),
    sa.CheckConstraint(f"kind IN ('{ACCEPTED}', '{REJECTED}', '{ENDED}')", name="ck_identity_decision_kind"),
)

sa.Index("ix_identity_decision_pair", identity_decision.c.record_key, identity_decision.c.target_key)
