"""Tables of findings: where each stands, so that a rebuilt warehouse forgets none, and what people decided on it."""

from __future__ import annotations

import sqlalchemy as sa

from reverse_etl.ledger.schema import Moment, Money, metadata

FINDING_STATES = (
    "open", "acknowledged", "proposed", "approved", "applied", "verified", "closed", "waived", "reopened",
)  # fmt: skip
DECISIONS = ("acknowledged", "waived")
WAIVER_CLASSES = ("accepted", "rule_wrong")


def _in(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


finding = sa.Table(
    "finding",
    metadata,
    sa.Column("finding_id", sa.String(80), primary_key=True),
    sa.Column("check_id", sa.String(16), nullable=False),
    sa.Column("rule_version", sa.String(16)),
    sa.Column("matching_key", sa.Text, nullable=False),
    sa.Column("period", sa.String(16), nullable=False),
    sa.Column("severity", sa.String(4), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("owner_role", sa.String(80), nullable=False),
    sa.Column("business_unit_id", sa.String(80)),
    sa.Column("legal_entity_id", sa.String(80)),
    sa.Column("amount_at_risk", Money),
    sa.Column("currency", sa.String(3)),
    sa.Column("amount_at_risk_fc", Money),
    sa.Column("functional_currency", sa.String(3)),
    sa.Column("amount_at_risk_rc", Money),
    sa.Column("reporting_currency", sa.String(3)),
    sa.Column("finding_state", sa.String(16), nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("state_since", Moment, nullable=False),
    sa.Column("first_seen_at", Moment, nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("last_seen_at", Moment, nullable=False),
    sa.Column("closed_at", Moment),
    sa.Column("closed_by", sa.String(16)),
    sa.Column("hours_to_resolve", Money),
    sa.Column("times_reopened", sa.Integer, nullable=False),
    sa.Column("times_recurred", sa.Integer, nullable=False),
    sa.Column("truth_values", sa.Text),
    sa.Column("other_values", sa.Text),
    sa.Column("truth_modified_at", Moment),
    sa.Column("other_modified_at", Moment),
    sa.Column("truth_loaded_at", Moment),
    sa.Column("other_loaded_at", Moment),
    sa.Column("source_loaded_at", Moment),
    sa.CheckConstraint(_in("finding_state", FINDING_STATES), name="ck_finding_state"),
)

sa.Index("ix_finding_check", finding.c.check_id, finding.c.finding_state)

finding_decision = sa.Table(
    "finding_decision",
    metadata,
    sa.Column("decision_id", sa.String(40), primary_key=True),
    sa.Column("finding_id", sa.String(80), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("reason_class", sa.String(16)),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("decided_at", Moment, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.String(120)),
    sa.Column("event_sequence", sa.Integer, nullable=False),
    sa.CheckConstraint(_in("kind", DECISIONS), name="ck_finding_decision_kind"),
    sa.CheckConstraint(
        f"(kind = 'waived') = (expires_at IS NOT NULL AND {_in('reason_class', WAIVER_CLASSES)})",
        name="ck_finding_decision_waiver",
    ),
)

sa.Index("ix_finding_decision_finding", finding_decision.c.finding_id, finding_decision.c.decided_at)
