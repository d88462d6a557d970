"""The facts of a correction, its states, and which state may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from reverse_etl.destinations.base import Operation, Value
from reverse_etl.values import decode


class State(StrEnum):
    """Where a correction stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    IN_FLIGHT = "in_flight"
    DELIVERED = "delivered"
    VERIFIED = "verified"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    IN_DOUBT = "in_doubt"
    CONFLICTED = "conflicted"
    DEAD_LETTERED = "dead_lettered"
    ROLLED_BACK = "rolled_back"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.APPROVED, State.REJECTED, State.EXPIRED, State.SUPERSEDED}),
    State.APPROVED: frozenset({State.IN_FLIGHT, State.REJECTED, State.EXPIRED, State.SUPERSEDED}),
    State.IN_FLIGHT: frozenset(
        {
            State.DELIVERED,
            State.APPROVED,
            State.PROPOSED,
            State.IN_DOUBT,
            State.CONFLICTED,
            State.DEAD_LETTERED,
        }
    ),
    State.IN_DOUBT: frozenset({State.IN_FLIGHT}),
    State.DELIVERED: frozenset({State.VERIFIED, State.SUPERSEDED, State.ROLLED_BACK}),
    State.VERIFIED: frozenset({State.ROLLED_BACK}),
    State.CONFLICTED: frozenset({State.SUPERSEDED, State.REJECTED}),
    State.DEAD_LETTERED: frozenset({State.APPROVED, State.SUPERSEDED, State.REJECTED}),
    State.REJECTED: frozenset(),
    State.EXPIRED: frozenset(),
    State.SUPERSEDED: frozenset(),
    State.ROLLED_BACK: frozenset(),
}

OPEN_STATES = (State.PROPOSED, State.APPROVED, State.IN_FLIGHT, State.IN_DOUBT, State.DELIVERED)
BUSY_STATES = (State.IN_FLIGHT, State.IN_DOUBT)
UNDECIDED_STATES = (State.PROPOSED, State.APPROVED)
SETTLED_STATES = (State.VERIFIED, State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.ROLLED_BACK)
"""States in which nothing waits for anybody any more."""

SERVICE_ACTOR = "service:concord"
POLICY_ACTOR = "policy:concord"


def require_aware(moment: datetime | None, name: str) -> None:
    """Refuse a naive datetime: it would be compared across time zones silently."""
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"{name} must carry a time zone, got {moment!r}")


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field of one correction, as ledger text."""

    field: str
    value_type: str
    expected_value: str | None
    new_value: str | None
    finding_id: str | None = None
    before_value: str | None = None
    """What the vendor held just before our write; the before-image."""
    is_before_known: bool = False

    @property
    def expected(self) -> Value:
        return decode(self.expected_value, self.value_type, where=self.field)

    @property
    def new(self) -> Value:
        return decode(self.new_value, self.value_type, where=self.field)

    @property
    def before(self) -> Value:
        return decode(self.before_value, self.value_type, where=self.field)


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """Another correction that must have gone first."""

    correction_id: str
    until: Literal["delivered", "verified"] = "delivered"
    """``verified`` waits until a fresh read has proved it."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A correction somebody wants: the published copy, or a person who rolls one back."""

    correction_key: str
    check_id: str
    target_system: str
    target_instance: str
    target_object: str
    target_record_id: str | None
    operation: Operation
    changes: tuple[FieldChange, ...]
    reason: str
    kind: Literal["sync", "rollback", "saga"] = "sync"
    proposed_by: str = SERVICE_ACTOR
    amount_at_risk: Decimal | None = None
    currency: str | None = None
    amount_at_risk_rc: Decimal | None = None
    legal_entity_id: str | None = None
    business_unit_id: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    evidence: Any = None
    source_loaded_at: datetime | None = None
    rolls_back_id: str | None = None
    supersedes_id: str | None = None
    depends_on: tuple[Dependency, ...] = ()

    def __post_init__(self) -> None:
        require_aware(self.source_loaded_at, "source_loaded_at")

    @property
    def target(self) -> str:
        """System and object as the policy names them, such as ``salesforce.account``."""
        return f"{self.target_system}.{self.target_object}"

    @property
    def record_key(self) -> str:
        """What "the same record" means; a create is its own record until the vendor names it."""
        return self.target_record_id or f"new:{self.correction_key}"


@dataclass(frozen=True, kw_only=True)
class Correction(Proposal):
    """A correction in the ledger."""

    correction_id: str
    sequence: int
    content_hash: str
    state: State
    state_class: str | None
    """Why it is in this state, as a class (error class, refusal class)."""
    state_reason: str | None
    """Why it is in this state, in words, with what to do."""
    mode: Literal["automatic", "approval", "forbidden"]
    approver_roles: tuple[str, ...]
    approvals_needed: int
    approval_round: int
    policy_version: str
    idempotency_key: str
    attempts: int
    proposed_at: datetime
    expires_at: datetime | None
    due_at: datetime | None
    decided_at: datetime | None
    delivered_at: datetime | None
    verified_at: datetime | None
    updated_at: datetime
    lease_token: str | None
    superseded_by_id: str | None
    created_record_id: str | None
    last_event_sequence: int

    @property
    def log_context(self) -> dict[str, str]:
        """Facts for a log line; never values."""
        return {
            "correction": self.correction_id,
            "check": self.check_id,
            "instance": self.target_instance,
            "object": self.target_object,
            "record": self.target_record_id or "(new)",
            "state": self.state,
        }


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One person's (or the policy's) decision."""

    actor: str
    roles: tuple[str, ...]
    decision: Literal["approve", "reject"]
    note: str
    approval_round: int
    decided_at: datetime
    on_behalf_of: str | None = None
    """The person who delegated the role in which this was decided."""


@dataclass(frozen=True, kw_only=True)
class Delegation:
    """One person's role in another's hands for a while."""

    delegation_id: str
    from_actor: str
    to_actor: str
    role: str
    valid_from: datetime
    valid_until: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to deliver; written before the vendor is called, closed after."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    is_intent: bool
    """Whether a write was about to be sent; a look alone has none."""
    is_acknowledged: bool
    """Whether the vendor confirmed the write."""
    outcome: str | None
    error_class: str | None
    error_text: str | None
    version_before: str | None
    version_after: str | None


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One link of the audit chain."""

    sequence: int
    occurred_at: datetime
    correction_id: str | None
    event: str
    from_state: str | None
    to_state: str | None
    actor: str
    reason: str | None
    policy_version: str | None
    detail: Mapping[str, Any]
    previous_hash: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class CorrectionView:
    """Everything a person needs to decide about one correction."""

    correction: Correction
    approvals: tuple[Approval, ...]
    attempts: tuple[Attempt, ...]
    events: tuple[AuditEvent, ...]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which corrections to list; an empty filter lists all, newest first."""

    states: tuple[str, ...] = ()
    check_id: str | None = None
    target_instance: str | None = None
    business_units: tuple[str, ...] = ()
    finding_id: str | None = None
    limit: int = field(default=200)
    offset: int = 0
