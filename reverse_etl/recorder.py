"""Writes steps into the ledger with the policy's version and the firm's time on each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from config.clock import Clock
from reverse_etl import store
from reverse_etl.models import State
from reverse_etl.policies import Governance
from reverse_etl.store import Move


@dataclass(frozen=True)
class Recorder:
    """Takes steps in the caller's transaction."""

    policy: Governance
    clock: Clock

    def step(
        self,
        to: State,
        event: str,
        actor: str,
        reason: str | None,
        *,
        state_class: str | None = None,
        values: Mapping[str, Any] | None = None,
        detail: Mapping[str, Any] | None = None,
        lease_token: str | None = None,
    ) -> Move:
        """A step as of now under the present policy."""
        return Move(
            to=to,
            event=event,
            actor=actor,
            now=self.clock(),
            policy_version=self.policy.version,
            reason=reason,
            state_class=state_class,
            values=values or {},
            detail=detail or {},
            lease_token=lease_token,
        )

    def move(
        self,
        connection: sa.Connection,
        correction_id: str,
        to: State,
        event: str,
        actor: str,
        reason: str | None,
        **facts: Any,
    ) -> None:
        """Take a step; raises as `store.move` does."""
        store.move(connection, correction_id, self.step(to, event, actor, reason, **facts))
