"""Use cases of people and policy: propose, approve, reject, replay, roll back, list and show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from config.clock import Clock
from reverse_etl import audit, delegations, holds, policies, store, switches
from reverse_etl.authority import Authority, authorities, authority_for, held, killed, may_take_back
from reverse_etl.desk import refused
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from reverse_etl.ledger import reading, writing
from reverse_etl.models import (
    SERVICE_ACTOR,
    Approval,
    Correction,
    CorrectionView,
    Dependency,
    FieldChange,
    Filter,
    Proposal,
    State,
)
from reverse_etl.policies import Governance, Refusal
from reverse_etl.proposing import Proposer, ProposeReport, Then
from reverse_etl.recorder import Recorder
from reverse_etl.values import canonical_json


def wall_clock() -> datetime:
    """Real time, for leases and delays: they concern machines, not the firm's calendar."""
    return datetime.now(UTC)


class Outbox:
    """The governed way to change another system.

    `policy` is the firm's `Governance`; `clock` tells the firm's time (expiry, audit), `wall` real time.
    """

    def __init__(
        self, engine: sa.Engine, policy: Governance, clock: Clock, *, wall: Clock = wall_clock
    ) -> None:
        self.engine, self.policy, self.clock, self.wall = engine, policy, clock, wall
        self._recorder = Recorder(policy, clock)
        self._proposer = Proposer(engine, self._recorder)

    # ---- propose ------------------------------------------------------------------------------

    def propose(self, rows: Iterable[Mapping[str, Any]]) -> ProposeReport:
        """Propose the corrections of the published copy; the same break proposes once.

        What policy lets through alone is approved at once, unless the run is larger than its caps: then
        everything waits for a person. What policy forbids is recorded as rejected, with the reason.
        """
        self.expire_overdue()
        return self._proposer.propose(rows)

    def propose_one(
        self, proposal: Proposal, *, needs_person: str | None = None, then: Then | None = None
    ) -> Correction:
        """Propose a single correction that a person or a recovery asks for, and return it as recorded.

        `needs_person` is a reason why standing policy must not approve it alone; `then` is done in the same
        transaction.
        """
        return self._proposer.propose_one(proposal, needs_person=needs_person, then=then)

    # ---- decide -------------------------------------------------------------------------------

    def approve(self, correction_id: str, actor: str, roles: Sequence[str], note: str = "") -> Correction:
        """Approve as `actor`. With four eyes the first approval leaves it proposed.

        Raises `NotAllowedError` when policy refuses this person, `IllegalTransitionError` when it is decided.
        """
        with writing(self.engine) as connection:
            item = store.get(connection, correction_id)
            if item.state is not State.PROPOSED:
                raise _already(item, "approved")
            _require_in_time(item, self.clock())
            self._give(connection, item, actor, roles, note, State.PROPOSED)
            return store.get(connection, correction_id)

    def reject(self, correction_id: str, actor: str, roles: Sequence[str], reason: str) -> Correction:
        """Reject, or drop a dead letter, with a reason. Raises as `approve` does."""
        if not reason.strip():
            raise NotAllowedError("a rejection needs a reason.", hint="say why: --reason '...'.")
        with writing(self.engine) as connection:
            item = store.get(connection, correction_id)
            refusal = self._why_not_reject(connection, item, actor, roles)
            if refusal:
                raise refused(refusal)
            now = self.clock()
            self._recorder.move(
                connection, correction_id, State.REJECTED, "rejected", actor, reason,
                values={"decided_at": now}, detail={"roles": list(roles)},
            )  # fmt: skip
            return store.get(connection, correction_id)

    def replay(self, correction_id: str, actor: str, roles: Sequence[str], note: str = "") -> Correction:
        """Send a dead letter again: a new round of approval, which with four eyes takes a second person's replay."""
        with writing(self.engine) as connection:
            item = store.get(connection, correction_id)
            if item.state is not State.DEAD_LETTERED:
                raise _already(item, "replayed; only dead letters are")
            item = self._next_round(item)
            self._give(connection, item, actor, roles, note or "replayed", State.DEAD_LETTERED)
            return store.get(connection, correction_id)

    def _next_round(self, item: Correction) -> Correction:
        verdict = policies.judge(self.policy, item)
        if verdict.mode == "forbidden":
            raise NotAllowedError(verdict.reason + ".", hint="reject it, or change the configuration.")
        roles = verdict.approver_roles or self.policy.unlimited_roles
        needed = max(verdict.approvals_needed, 1)
        is_begun = item.attempts == 0  # a first replay of two has been given since the last attempt
        number = item.approval_round if is_begun else item.approval_round + 1
        return replace(item, approval_round=number, approver_roles=roles, approvals_needed=needed)

    def _give(
        self,
        connection: sa.Connection,
        item: Correction,
        actor: str,
        roles: Sequence[str],
        note: str,
        waiting: State,
    ) -> None:
        """Record one approval; the last one that policy asks for moves the correction on."""
        given = store.approvals(connection, item.correction_id)
        authority = self._authority(connection, item, given, actor, roles)
        if isinstance(authority, Refusal):
            raise refused(authority)
        now, principal = self.clock(), None if authority.principal == actor else authority.principal
        if principal is not None:
            roles = (authority.role,)
        decision = Approval(
            actor=actor, roles=tuple(roles), decision="approve", note=note,
            approval_round=item.approval_round, decided_at=now, on_behalf_of=principal,
        )  # fmt: skip
        store.add_approval(connection, item, decision)
        people = {
            a.actor for a in policies.current_round(item, [*given, decision]) if a.decision == "approve"
        }
        detail = {"roles": list(roles), "round": item.approval_round, "content_hash": item.content_hash}
        detail |= {"on_behalf_of": principal} if principal else {}
        current = {
            "attempts": 0, "approval_round": item.approval_round, "approvals_needed": item.approvals_needed,
            "approver_roles": canonical_json(list(item.approver_roles)),
        }  # fmt: skip
        if len(people) < item.approvals_needed:
            step = self._recorder.step(waiting, "approval_given", actor, note, detail=detail)
            store.note(connection, item.correction_id, step, current)
            return
        expires_at = now + timedelta(days=self.policy.policy.expiry_days)
        values = {**current, "decided_at": now, "due_at": None, "expires_at": expires_at}
        event = "replayed" if waiting is State.DEAD_LETTERED else "approved"
        self._recorder.move(
            connection, item.correction_id, State.APPROVED, event, actor, note, values=values, detail=detail
        )

    # ---- undo ---------------------------------------------------------------------------------

    def rollback(
        self,
        correction_id: str,
        actor: str,
        reason: str,
        *,
        roles: Sequence[str],
        depends_on: tuple[Dependency, ...] = (),
        then: Then | None = None,
    ) -> Correction:
        """Propose to restore what the vendor held before an applied correction; somebody else approves it.

        `depends_on` names rollbacks that must go first, as when a later change of the record is undone too; `then`
        is done in the same transaction.

        Raises `IllegalTransitionError` when it was not applied, `NotAllowedError` for a create (nothing is ever
        deleted) or when Concord found the value already there and wrote nothing.
        """
        with reading(self.engine) as connection:
            item = store.get(connection, correction_id)
        refusal = may_take_back(self.policy, item, actor, roles)
        if refusal:
            raise refused(refusal)
        if item.state not in (State.DELIVERED, State.VERIFIED):
            raise _already(item, "rolled back; only applied corrections are")
        if item.operation == "create":
            raise NotAllowedError(
                f"{correction_id} created {item.created_record_id}; nothing is ever deleted by a machine.",
                hint="close the draft in the owning system.",
            )
        if not all(change.is_before_known for change in item.changes):
            raise NotAllowedError(
                f"{correction_id} has no before-image: the value was there already and nothing was written.",
                hint="nothing to undo.",
            )
        return self.propose_one(replace(_inverse(item, actor, reason), depends_on=depends_on), then=then)

    # ---- prove --------------------------------------------------------------------------------

    def confirm(self, correction_id: str, words: str) -> None:
        """A fresh read has shown that the systems agree: delivered becomes verified."""
        self._settle(correction_id, State.VERIFIED, "verified", words, {"verified_at": self.clock()})

    def expire(self, correction_id: str, words: str) -> None:
        """The finding is gone before anybody decided, or before anything was sent."""
        self._settle(correction_id, State.EXPIRED, "expired", words)

    def reopen(self, correction_id: str, proposal: Proposal | None, reason: str) -> str | None:
        """A delivered correction did not close its finding: propose again, for a person, and say why.

        Returns the new correction's id, or ``None`` when there is nothing to propose any more.
        """
        return self._proposer.reopen(correction_id, proposal, reason)

    def _settle(
        self, correction_id: str, to: State, event: str, words: str, values: Mapping[str, Any] | None = None
    ) -> None:
        with writing(self.engine) as connection:
            self._recorder.move(connection, correction_id, to, event, SERVICE_ACTOR, words, values=values)

    # ---- time ---------------------------------------------------------------------------------

    def expire_overdue(self) -> list[str]:
        """Expire what nobody decided, or nobody could deliver, in time."""
        now, expired = self.clock(), []
        with writing(self.engine) as connection:
            for correction_id, state in store.overdue(connection, now):
                words = f"not {'decided' if state is State.PROPOSED else 'delivered'} in time"
                self._recorder.move(connection, correction_id, State.EXPIRED, "expired", SERVICE_ACTOR, words)
                expired.append(correction_id)
        return expired

    # ---- read ---------------------------------------------------------------------------------

    def list(self, query: Filter | None = None) -> list[Correction]:
        """Corrections that match, newest first."""
        with reading(self.engine) as connection:
            return store.find(connection, query or Filter())

    def show(self, correction_id: str) -> CorrectionView:
        """One correction with its approvals, attempts and history. Raises `UnknownCorrectionError`."""
        with reading(self.engine) as connection:
            item = store.get(connection, correction_id)
            given = store.approvals(connection, correction_id)
            tries = store.attempts(connection, correction_id)
        history = tuple(audit.events(self.engine, correction_id))
        return CorrectionView(correction=item, approvals=given, attempts=tries, events=history)

    def counts(self) -> dict[str, int]:
        """Corrections by state, every state listed."""
        with reading(self.engine) as connection:
            found = store.count_by_state(connection)
        return {state.value: found.get(state.value, 0) for state in State}

    def why_not_reject(self, correction_id: str, actor: str, roles: Sequence[str]) -> Refusal | None:
        """Why `actor` may not reject, drop or edit this correction, or ``None``."""
        with reading(self.engine) as connection:
            return self._why_not_reject(connection, store.get(connection, correction_id), actor, roles)

    def _why_not_reject(
        self, connection: sa.Connection, item: Correction, actor: str, roles: Sequence[str]
    ) -> Refusal | None:
        """What standing policy let through has no approvers of its own: the unlimited roles decide it."""
        handed = delegations.in_force(connection, actor, self.clock())
        held = [one.role for one in authorities(self.policy, actor, roles, handed)]
        deciders = item.approver_roles or self.policy.unlimited_roles
        return policies.may_reject(replace(item, approver_roles=deciders), actor, held)

    def why_not(self, correction_id: str, actor: str, roles: Sequence[str]) -> Refusal | None:
        """Why `actor` may not approve this correction, or ``None`` when they may; for buttons."""
        with reading(self.engine) as connection:
            item = store.get(connection, correction_id)
            given = store.approvals(connection, correction_id)
            found = self._authority(connection, item, given, actor, roles)
        return found if isinstance(found, Refusal) else None

    def _authority(
        self,
        connection: sa.Connection,
        item: Correction,
        given: Sequence[Approval],
        actor: str,
        roles: Sequence[str],
    ) -> Authority | Refusal:
        """In which authority `actor` may approve now, with switches and delegations as the ledger has them."""
        off = switches.killed(connection, self.policy)
        if item.check_id in off and not self.policy.is_killed(item.check_id):
            return killed(item.check_id, f"`concord corrections unkill {item.check_id}` first.")
        hold = holds.holding(connection).get(item.check_id)
        if hold is not None:
            return held(item.check_id, hold.reason)
        handed = delegations.in_force(connection, actor, self.clock())
        return authority_for(self.policy, item, given, actor, roles, handed)


def _require_in_time(item: Correction, now: datetime) -> None:
    """What is overdue is expired by the next run; until then nobody may decide about facts that old."""
    if item.expires_at is not None and item.expires_at <= now:
        raise IllegalTransitionError(
            f"correction {item.correction_id} is overdue since {item.expires_at:%Y-%m-%d %H:%M}Z.",
            hint="nothing; the next read proposes it again if it still holds.",
        )


def _already(item: Correction, wanted: str) -> IllegalTransitionError:
    return IllegalTransitionError(
        f"correction {item.correction_id} is {item.state} and cannot be {wanted}.",
        hint=f"`concord corrections show {item.correction_id}` tells how it came to be {item.state}.",
    )


def _inverse(item: Correction, actor: str, reason: str) -> Proposal:
    changes = tuple(
        FieldChange(
            field=c.field, value_type=c.value_type, expected_value=c.new_value, new_value=c.before_value
        )
        for c in item.changes
    )
    names = (
        "check_id", "target_system", "target_instance", "target_object", "target_record_id", "amount_at_risk",
        "currency", "amount_at_risk_rc", "legal_entity_id", "business_unit_id", "customer_id", "customer_name",
        "project_id", "project_name", "evidence",
    )  # fmt: skip
    return Proposal(
        correction_key=f"rollback|{item.correction_id}",
        kind="rollback",
        operation="update",
        changes=changes,
        reason=f"roll back {item.correction_id}: {reason}",
        proposed_by=actor,
        rolls_back_id=item.correction_id,
        **{name: getattr(item, name) for name in names},
    )


__all__ = ["Outbox", "ProposeReport", "wall_clock"]
