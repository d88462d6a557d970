"""Tables of the month-end close: what was signed, on which evidence, and the figures and rows that were frozen."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from reverse_etl.ledger.schema import Moment, Money, metadata


def _round() -> list[sa.Column[Any]]:
    """A month of a company may be reopened and closed again: every close is a round of its own."""
    return [
        sa.Column("legal_entity_id", sa.String(80), primary_key=True),
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
    ]


close_month = sa.Table(
    "close_month",
    metadata,
    *_round(),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("evidence_hash", sa.String(64), nullable=False),
    sa.Column("as_of", Moment, nullable=False),
    sa.Column("frozen_at", Moment, nullable=False),
    sa.Column("frozen_by", sa.String(120), nullable=False),
    sa.Column("reopened_at", Moment),
    sa.Column("reopened_by", sa.String(120)),
    sa.Column("reopen_reason", sa.Text),
    sa.Column("event_sequence", sa.Integer, nullable=False),
    sa.CheckConstraint("state IN ('frozen', 'reopened')", name="ck_close_month_state"),
)

close_sign_off = sa.Table(
    "close_sign_off",
    metadata,
    *_round(),
    sa.Column("role", sa.String(80), primary_key=True),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("evidence_hash", sa.String(64), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("signed_at", Moment, nullable=False),
    sa.Column("event_sequence", sa.Integer, nullable=False),
)

close_evidence = sa.Table(
    "close_evidence",
    metadata,
    *_round(),
    sa.Column("evidence_hash", sa.String(64), primary_key=True),
    sa.Column("check_id", sa.String(16), primary_key=True),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("rule_version", sa.String(16)),
    sa.Column("query_version", sa.String(64)),
    sa.Column("findings", sa.Integer, nullable=False),
    sa.Column("blocking", sa.Integer, nullable=False),
    sa.Column("amount_at_risk_rc", Money),
    sa.Column("rows_hash", sa.String(64), nullable=False),
    sa.Column("source_loaded_at", Moment),
    sa.Column("taken_at", Moment, nullable=False),
    sa.CheckConstraint(
        "outcome IN ('evaluated', 'not_evaluated', 'missing')", name="ck_close_evidence_outcome"
    ),
)

close_figure = sa.Table(
    "close_figure",
    metadata,
    *_round(),
    sa.Column("metric", sa.String(80), primary_key=True),
    sa.Column("unit", sa.String(16), nullable=False),
    sa.Column("value", Money),
)

close_item = sa.Table(
    "close_item",
    metadata,
    *_round(),
    sa.Column("item_kind", sa.String(16), primary_key=True),
    sa.Column("item_id", sa.String(160), primary_key=True),
    sa.Column("item_date", sa.Date),
    sa.Column("quantity", Money),
    sa.Column("rate", Money),
    sa.Column("amount", Money),
    sa.Column("currency", sa.String(3)),
    sa.Column("is_counted", sa.Boolean, nullable=False),
    sa.Column("item_status", sa.String(40)),
    sa.Column("item_hash", sa.String(64), nullable=False),
)
