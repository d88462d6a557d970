"""Tables of the ledger. The database itself holds the rules: states, legal transitions, one write in flight
per record, one open correction per key, and an audit trail that can only grow."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from reverse_etl.models import BUSY_STATES, OPEN_STATES, State

REVISION = "0013"
GENESIS = "0" * 64
"""What the first event of a chain follows."""


class Moment(sa.TypeDecorator[datetime]):
    """An aware UTC datetime; on SQLite fixed-width ISO text, so that text order is time order."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(32))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the ledger keeps aware datetimes only, got {value!r}")
        utc = value.astimezone(UTC)
        return utc.isoformat(timespec="microseconds") if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


class Money(sa.TypeDecorator[Decimal]):
    """An exact amount: NUMERIC where the database has it, text on SQLite, never a float."""

    impl = sa.Numeric(18, 4)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(32))
        return dialect.type_descriptor(sa.Numeric(18, 4))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value)


def _in(column: str, states: Any) -> str:
    return f"{column} IN ({', '.join(repr(str(state)) for state in states)})"


metadata = sa.MetaData()

correction = sa.Table(
    "correction",
    metadata,
    sa.Column("correction_id", sa.String(40), primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("correction_key", sa.String(400), nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("check_id", sa.String(16), nullable=False),
    sa.Column("operation", sa.String(16), nullable=False),
    sa.Column("target_system", sa.String(40), nullable=False),
    sa.Column("target_instance", sa.String(80), nullable=False),
    sa.Column("target_object", sa.String(80), nullable=False),
    sa.Column("target_record_id", sa.String(120)),
    sa.Column("record_key", sa.String(440), nullable=False),
    sa.Column("created_record_id", sa.String(120)),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("state_class", sa.String(60)),
    sa.Column("state_reason", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("amount_at_risk", Money),
    sa.Column("currency", sa.String(3)),
    sa.Column("amount_at_risk_rc", Money),
    sa.Column("legal_entity_id", sa.String(80)),
    sa.Column("business_unit_id", sa.String(80)),
    sa.Column("customer_id", sa.String(120)),
    sa.Column("customer_name", sa.Text),
    sa.Column("project_id", sa.String(120)),
    sa.Column("project_name", sa.Text),
    sa.Column("evidence", sa.Text),
    sa.Column("source_loaded_at", Moment),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("approver_roles", sa.Text, nullable=False),
    sa.Column("approvals_needed", sa.Integer, nullable=False),
    sa.Column("approval_round", sa.Integer, nullable=False),
    sa.Column("policy_version", sa.String(40), nullable=False),
    sa.Column("idempotency_key", sa.String(80), nullable=False, unique=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("proposed_by", sa.String(120), nullable=False),
    sa.Column("proposed_at", Moment, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Column("due_at", Moment),
    sa.Column("decided_at", Moment),
    sa.Column("delivered_at", Moment),
    sa.Column("verified_at", Moment),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("claimed_from", sa.String(16)),
    sa.Column("lease_token", sa.String(40)),
    sa.Column("lease_worker", sa.String(160)),
    sa.Column("lease_until", Moment),
    sa.Column("rolls_back_id", sa.String(40)),
    sa.Column("supersedes_id", sa.String(40)),
    sa.Column("superseded_by_id", sa.String(40)),
    sa.Column("last_event_sequence", sa.Integer, nullable=False),
    sa.CheckConstraint(_in("state", State), name="ck_correction_state"),
    sa.CheckConstraint("operation IN ('update', 'create')", name="ck_correction_operation"),
    sa.CheckConstraint("mode IN ('automatic', 'approval', 'forbidden')", name="ck_correction_mode"),
    sa.CheckConstraint("(state = 'in_flight') = (lease_token IS NOT NULL)", name="ck_correction_lease"),
)

sa.Index(
    "ux_correction_in_flight",
    correction.c.target_instance,
    correction.c.target_object,
    correction.c.record_key,
    unique=True,
    sqlite_where=sa.text(_in("state", BUSY_STATES)),
    postgresql_where=sa.text(_in("state", BUSY_STATES)),
)
sa.Index(
    "ux_correction_open",
    correction.c.correction_key,
    unique=True,
    sqlite_where=sa.text(_in("state", OPEN_STATES)),
    postgresql_where=sa.text(_in("state", OPEN_STATES)),
)
sa.Index("ix_correction_state", correction.c.state, correction.c.rank, correction.c.sequence)
sa.Index("ix_correction_key", correction.c.correction_key, correction.c.sequence)
sa.Index(
    "ix_correction_record",
    correction.c.target_instance,
    correction.c.target_object,
    correction.c.record_key,
    correction.c.state,
)

correction_dependency = sa.Table(
    "correction_dependency",
    metadata,
    sa.Column("correction_id", sa.ForeignKey("correction.correction_id"), primary_key=True),
    sa.Column("depends_on_id", sa.String(40), primary_key=True),
    sa.Column("until", sa.String(16), nullable=False),
    sa.CheckConstraint("until IN ('delivered', 'verified')", name="ck_correction_dependency_until"),
)

sa.Index("ix_correction_dependency_on", correction_dependency.c.depends_on_id)

correction_change = sa.Table(
    "correction_change",
    metadata,
    sa.Column("correction_id", sa.ForeignKey("correction.correction_id"), primary_key=True),
    sa.Column("field", sa.String(120), primary_key=True),
    sa.Column("finding_id", sa.String(80)),
    sa.Column("value_type", sa.String(16), nullable=False),
    sa.Column("expected_value", sa.Text),
    sa.Column("new_value", sa.Text),
    sa.Column("before_value", sa.Text),
    sa.Column("is_before_known", sa.Boolean, nullable=False),
)

sa.Index("ix_correction_change_finding", correction_change.c.finding_id)

attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("correction_id", sa.ForeignKey("correction.correction_id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("lease_token", sa.String(40), nullable=False),
    sa.Column("worker", sa.String(160), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("is_intent", sa.Boolean, nullable=False),
    sa.Column("is_acknowledged", sa.Boolean, nullable=False),
    sa.Column("outcome", sa.String(40)),
    sa.Column("error_class", sa.String(60)),
    sa.Column("error_text", sa.Text),
    sa.Column("version_before", sa.String(200)),
    sa.Column("version_after", sa.String(200)),
    sa.Column("run_id", sa.String(40)),
)

sa.Index("ix_attempt_run", attempt.c.run_id)

approval = sa.Table(
    "approval",
    metadata,
    sa.Column("correction_id", sa.ForeignKey("correction.correction_id"), primary_key=True),
    sa.Column("approval_round", sa.Integer, primary_key=True),
    sa.Column("actor", sa.String(120), primary_key=True),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("decision", sa.String(16), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("decided_at", Moment, nullable=False),
    sa.Column("on_behalf_of", sa.String(120)),
)

audit_event = sa.Table(
    "audit_event",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("occurred_at", Moment, nullable=False),
    sa.Column("correction_id", sa.ForeignKey("correction.correction_id")),
    sa.Column("event", sa.String(40), nullable=False),
    sa.Column("from_state", sa.String(16)),
    sa.Column("to_state", sa.String(16)),
    sa.Column("actor", sa.String(160), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("policy_version", sa.String(40)),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
)

sa.Index("ix_audit_event_correction", audit_event.c.correction_id, audit_event.c.sequence)

audit_chain = sa.Table(
    "audit_chain",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("start_sequence", sa.Integer, nullable=False),
    sa.Column("start_hash", sa.String(64), nullable=False),
    sa.Column("end_sequence", sa.Integer, nullable=False),
    sa.Column("end_hash", sa.String(64), nullable=False),
    sa.CheckConstraint("id = 1", name="ck_audit_chain_one"),
)

instance_control = sa.Table(
    "instance_control",
    metadata,
    sa.Column("instance", sa.String(80), primary_key=True),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.CheckConstraint("mode IN ('running', 'paused', 'draining')", name="ck_instance_control_mode"),
)

instance_health = sa.Table(
    "instance_health",
    metadata,
    sa.Column("instance", sa.String(80), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("refusals", sa.Integer, nullable=False),
    sa.Column("openings", sa.Integer, nullable=False),
    sa.Column("open_until", Moment),
    sa.Column("error_class", sa.String(60)),
    sa.Column("words", sa.Text),
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.String(64), nullable=False, unique=True),
    sa.Column("type", sa.String(80), nullable=False),
    sa.Column("source", sa.String(120), nullable=False),
    sa.Column("subject", sa.String(240), nullable=False),
    sa.Column("occurred_at", Moment, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("is_baseline", sa.Boolean, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
)

sa.Index("ix_event_type", event.c.type, event.c.sequence)

archived_event = sa.Table(
    "archived_event",
    metadata,
    sa.Column("event_id", sa.String(64), primary_key=True),
)

archived_correction = sa.Table(
    "archived_correction",
    metadata,
    sa.Column("correction_id", sa.String(40), primary_key=True),
    sa.Column("correction_key", sa.String(400), nullable=False),
)

sa.Index("ix_archived_correction_key", archived_correction.c.correction_key)

event_feed = sa.Table(
    "event_feed",
    metadata,
    sa.Column("type", sa.String(80), primary_key=True),
    sa.Column("instance", sa.String(80), primary_key=True),
    sa.Column("followed_since", Moment, nullable=False),
)

event_subscription = sa.Table(
    "event_subscription",
    metadata,
    sa.Column("subscription", sa.String(80), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("subscribed_at", Moment, nullable=False),
)

event_delivery = sa.Table(
    "event_delivery",
    metadata,
    sa.Column("delivery_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("subscription", sa.String(80), nullable=False),
    sa.Column("event_id", sa.ForeignKey("event.event_id"), nullable=False),
    sa.Column("subject", sa.String(240), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Moment),
    sa.Column("lease_token", sa.String(40)),
    sa.Column("lease_until", Moment),
    sa.Column("delivered_at", Moment),
    sa.Column("error_class", sa.String(60)),
    sa.Column("error_text", sa.Text),
    sa.CheckConstraint(
        "state IN ('pending', 'delivered', 'dead_lettered', 'dropped')", name="ck_event_delivery_state"
    ),
)

_UNSETTLED = "state IN ('pending', 'dead_lettered')"
sa.Index(
    "ux_event_delivery_unsettled",
    event_delivery.c.subscription,
    event_delivery.c.event_id,
    unique=True,
    sqlite_where=sa.text(_UNSETTLED),
    postgresql_where=sa.text(_UNSETTLED),
)
sa.Index(
    "ix_event_delivery_queue",
    event_delivery.c.subscription,
    event_delivery.c.state,
    event_delivery.c.subject,
    event_delivery.c.delivery_id,
)

inbox_message = sa.Table(
    "inbox_message",
    metadata,
    sa.Column("message_key", sa.String(64), primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False, unique=True),
    sa.Column("instance", sa.String(80), nullable=False),
    sa.Column("message_id", sa.String(200), nullable=False),
    sa.Column("object", sa.String(80), nullable=False),
    sa.Column("record_ids", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("sync_run", sa.String(80)),
    sa.Column("repeats", sa.Integer, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.CheckConstraint("state IN ('received', 'synced')", name="ck_inbox_message_state"),
)

sa.Index(
    "ix_inbox_message_waiting", inbox_message.c.instance, inbox_message.c.state, inbox_message.c.sequence
)

inbox_refusal = sa.Table(
    "inbox_refusal",
    metadata,
    sa.Column("instance", sa.String(80), primary_key=True),
    sa.Column("error_class", sa.String(60), primary_key=True),
    sa.Column("refused", sa.Integer, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
)

inbox_feed = sa.Table(
    "inbox_feed",
    metadata,
    sa.Column("instance", sa.String(80), primary_key=True),
    sa.Column("read_until", Moment, nullable=False),
)
