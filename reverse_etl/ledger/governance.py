"""Tables of what holds at run time: kill switches, delegations, waivers, escalations, and what figures hold back.

Every row names the audit event that made it so; not as a foreign key, as retention may end the event's time first.
"""

from __future__ import annotations

import sqlalchemy as sa

from reverse_etl.ledger.schema import Moment, metadata

kill_switch = sa.Table(
    "kill_switch",
    metadata,
    sa.Column("check_id", sa.String(16), primary_key=True),
    sa.Column("is_on", sa.Boolean, nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("event_sequence", sa.Integer, nullable=False),
)

check_hold = sa.Table(
    "check_hold",
    metadata,
    sa.Column("check_id", sa.String(16), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("held_at", Moment, nullable=False),
    sa.Column("event_sequence", sa.Integer, nullable=False),
)

delegation = sa.Table(
    "delegation",
    metadata,
    sa.Column("delegation_id", sa.String(40), primary_key=True),
    sa.Column("from_actor", sa.String(120), nullable=False),
    sa.Column("to_actor", sa.String(120), nullable=False),
    sa.Column("role", sa.String(80), nullable=False),
    sa.Column("valid_from", Moment, nullable=False),
    sa.Column("valid_until", Moment, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("revoked_at", Moment),
    sa.Column("revoked_by", sa.String(120)),
    sa.Column("event_sequence", sa.Integer, nullable=False),
    sa.CheckConstraint("valid_from < valid_until", name="ck_delegation_period"),
)

sa.Index("ix_delegation_to_actor", delegation.c.to_actor, delegation.c.valid_until)

waiver = sa.Table(
    "waiver",
    metadata,
    sa.Column("waiver_id", sa.String(40), primary_key=True),
    sa.Column("correction_id", sa.ForeignKey("correction.correction_id"), nullable=False),
    sa.Column("correction_key", sa.String(400), nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("granted_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.String(120)),
    sa.Column("event_sequence", sa.Integer, nullable=False),
    sa.CheckConstraint("granted_at < expires_at", name="ck_waiver_period"),
)

sa.Index("ix_waiver_key", waiver.c.correction_key, waiver.c.expires_at)

escalation = sa.Table(
    "escalation",
    metadata,
    sa.Column("correction_id", sa.ForeignKey("correction.correction_id"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("escalated_at", Moment, nullable=False),
    sa.Column("event_sequence", sa.Integer, nullable=False),
)
