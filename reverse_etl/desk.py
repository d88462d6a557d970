"""What a decision needs around it: the ledger, the firm's governance, and the firm's time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from config.clock import Clock
from reverse_etl import audit
from reverse_etl.authority import is_machine
from reverse_etl.errors import NotAllowedError
from reverse_etl.governance import Governance, Refusal


class Desk(Protocol):
    """A ledger under a policy; `reverse_etl.outbox.Outbox` is one."""

    engine: sa.Engine
    policy: Governance
    clock: Clock


def note(
    connection: sa.Connection,
    desk: Desk,
    event: str,
    actor: str,
    reason: str,
    detail: Mapping[str, Any],
) -> int:
    """Write an audit event that concerns no single correction; returns its sequence."""
    return audit.append(
        connection,
        occurred_at=desk.clock(),
        event=event,
        actor=actor,
        reason=reason,
        policy_version=desk.policy.version,
        detail=detail,
    )


def require_person(actor: str) -> None:
    """Raises `NotAllowedError` for a service, the policy, a worker or nobody."""
    if is_machine(actor):
        raise NotAllowedError(
            f"{actor or 'nobody'} is not a person (not_a_person).",
            hint="act as yourself: --actor, or CONCORD_ACTOR.",
        )


def require_reason(reason: str, what: str) -> None:
    """Raises `NotAllowedError` when no reason is given."""
    if not reason.strip():
        raise NotAllowedError(f"{what} needs a reason (reason).", hint="say why: --reason '...'.")


def require_role(actor: str, roles: Sequence[str], able: Sequence[str], doing: str) -> None:
    """Raises `NotAllowedError` for somebody who holds none of the roles that are `able` to do this."""
    if not set(roles) & set(able):
        raise NotAllowedError(
            f"{actor} holds none of the roles that {doing} (role).", hint=f"ask one of: {', '.join(able)}."
        )


def refused(refusal: Refusal) -> NotAllowedError:
    """A refusal as the error a use case raises."""
    return NotAllowedError(f"{refusal.reason} ({refusal.error_class}).", hint=refusal.hint)
