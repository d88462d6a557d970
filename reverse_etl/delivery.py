"""The ledger's side of delivery: claim under a lease, persist the intent before the call, record the outcome."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from reverse_etl import claims, delegations, instances, policies, store, switches
from reverse_etl.breaker import Signal
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.schema import attempt, correction
from reverse_etl.models import Approval, Correction, Delegation, State
from reverse_etl.outbox import Outbox
from reverse_etl.store import Move
from reverse_etl.values import canonical_json
from reverse_etl.workers import is_running, this_worker

#: Longer than one call may last (a slot, the tenant's writer lock and the answer: under 14 minutes): a worker
#: that is merely slow keeps its correction. Of this host's workers a dead one is known at once, lease or not.
LEASE = timedelta(minutes=15)
_ANSWERED = Signal(kind="answered")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A correction in our hands: nobody else writes this record while the lease holds."""

    correction: Correction
    approvals: tuple[Approval, ...]
    delegations: tuple[Delegation, ...]
    """Those in force at the claim, of everybody who approved for somebody else."""
    token: str
    attempt: int
    earlier: claims.EarlierWrites


class Delivery:
    """Claims corrections and records what became of them. One worker per object."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        worker: str | None = None,
        lease: timedelta = LEASE,
        is_alive: Callable[[str], bool] = is_running,
    ) -> None:
        self.outbox, self.lease, self._is_alive = outbox, lease, is_alive
        self.worker = worker or this_worker()
        self.run_id = "r" + uuid.uuid4().hex[:14]

    def recover(self) -> list[str]:
        """Take back what a dead worker left in flight: in doubt when it may have written, else approved."""
        recovered = []
        with writing(self.outbox.engine) as connection:
            c = correction.c
            rows = connection.execute(
                sa.select(c.correction_id, c.lease_token, c.lease_worker, c.lease_until).where(
                    c.state == State.IN_FLIGHT
                )
            ).all()
            for row in rows:
                if row.lease_until > self.outbox.wall() and self._is_alive(row.lease_worker):
                    continue
                self._take_back(connection, row)
                recovered.append(row.correction_id)
        return recovered

    def _take_back(self, connection: sa.Connection, row: Any) -> None:
        is_unresolved = claims.earlier_writes(connection, row.correction_id).is_unresolved
        connection.execute(
            attempt.update()
            .where(attempt.c.correction_id == row.correction_id, attempt.c.outcome.is_(None))
            .values(
                outcome=sa.case((attempt.c.is_intent, "unknown"), else_="abandoned"),
                finished_at=self.outbox.clock(),
                error_class="worker_lost",
            )
        )
        words = f"worker {row.lease_worker} stopped " + (
            "around a write: the vendor is read before anything is sent"
            if is_unresolved
            else "before writing"
        )
        to = State.IN_DOUBT if is_unresolved else State.APPROVED
        step = self._step(to, "recovered", words, row.lease_token, state_class="worker_lost")
        store.move(connection, row.correction_id, step)

    def claim(self, *, without_instances: Collection[str] = ()) -> Claim | None:
        """Take the next correction that is due: in dependency order, and per record in the order of the ledger.

        Corrections of switched-off or held checks, of paused or failing instances, and of `without_instances` stay
        where they are; so does what depends on a correction that has not gone yet.
        """
        token = uuid.uuid4().hex
        with writing(self.outbox.engine) as connection:
            candidate = self._candidate(connection, without_instances)
            if candidate is None:
                return None
            row = connection.execute(self._claim_statement(candidate, token)).one()
            step = self._step(State.IN_FLIGHT, "claimed", None, token, detail={"attempt": row.attempts})
            store.record_event(connection, row.correction_id, step, from_state=row.claimed_from)
            return self._open_attempt(connection, row.correction_id, token)

    def _candidate(self, connection: sa.Connection, without_instances: Collection[str]) -> str | None:
        now, silent = self.outbox.wall(), switches.silent(connection, self.outbox.policy)
        gate = instances.gate(connection, sorted(silent), sorted(without_instances), now)
        return claims.next_due(connection, now, gate)

    def _claim_statement(self, correction_id: str, token: str) -> Any:
        c = correction.c
        return (
            correction.update()
            .where(c.correction_id == correction_id)
            .values(
                state=State.IN_FLIGHT,
                claimed_from=c.state,
                lease_token=token,
                lease_worker=self.worker,
                lease_until=self.outbox.wall() + self.lease,
                attempts=c.attempts + 1,
                updated_at=self.outbox.clock(),
            )
            .returning(c.correction_id, c.claimed_from, c.attempts)
        )

    def _open_attempt(self, connection: sa.Connection, correction_id: str, token: str) -> Claim:
        earlier = claims.earlier_writes(connection, correction_id)
        last = sa.select(sa.func.max(attempt.c.number)).where(attempt.c.correction_id == correction_id)
        number = int(connection.execute(last).scalar() or 0) + 1
        connection.execute(
            attempt.insert().values(
                correction_id=correction_id,
                number=number,
                lease_token=token,
                worker=self.worker,
                run_id=self.run_id,
                started_at=self.outbox.clock(),
                is_intent=False,
                is_acknowledged=False,
            )
        )
        approvals = store.approvals(connection, correction_id)
        return Claim(
            correction=store.get(connection, correction_id),
            approvals=approvals,
            delegations=delegations.behind(connection, approvals, self.outbox.clock()),
            token=token,
            attempt=number,
            earlier=earlier,
        )

    def intend(self, claim: Claim, before: Mapping[str, str | None], version: str | None) -> None:
        """Persist that a write is about to be sent, with the before-image.

        Raises `LeaseLostError`, and `SilencedError` when the check was killed or held back since the claim.
        """
        with writing(self.outbox.engine) as connection:
            self._require_lease(connection, claim)
            switches.require_heard(connection, self.outbox.policy, claim.correction.check_id)
            number, is_unresolved = claim.correction.correction_id, claim.earlier.is_unresolved
            store.set_before_image(connection, number, before, is_unresolved=is_unresolved)
            self._mark(connection, claim, is_intent=True, version_before=version)
            detail = {"version": version, "before": dict(before), "replaces_before": not is_unresolved}
            self._note(connection, claim, "write_intended", detail)

    def acknowledge(self, claim: Claim, record_id: str, version: str | None) -> None:
        """Persist that the vendor confirmed the write, before reading it back."""
        with writing(self.outbox.engine) as connection:
            self._require_lease(connection, claim)
            self._mark(connection, claim, is_acknowledged=True, version_after=version)
            values = {"created_record_id": record_id} if claim.correction.operation == "create" else {}
            self._note(connection, claim, "write_acknowledged", {"record": record_id}, values)

    def delivered(self, claim: Claim, outcome: str, words: str, record_id: str | None) -> None:
        """The vendor holds the new values; a rollback also marks what it undid."""
        now, item = self.outbox.clock(), claim.correction
        values: dict[str, Any] = {"delivered_at": now}
        if item.operation == "create":
            values["created_record_id"] = record_id
        with writing(self.outbox.engine) as connection:
            detail = {"after": {change.field: change.new_value for change in item.changes}}
            step = self._step(
                State.DELIVERED, "delivered", words, claim.token, outcome, values=values, detail=detail
            )
            store.move(connection, item.correction_id, step)
            self._close(connection, claim, outcome)
            self._signal(connection, claim, _ANSWERED)
            if item.rolls_back_id and _is_applied(store.get(connection, item.rolls_back_id)):
                words = f"undone by {item.correction_id}"
                undone = self._step(State.ROLLED_BACK, "rolled_back", words, None)
                store.move(connection, item.rolls_back_id, undone)

    def finish(
        self,
        claim: Claim,
        to: State,
        outcome: str,
        error_class: str,
        words: str,
        delay: timedelta | None = None,
        signal: Signal | None = None,
    ) -> None:
        """Leave ``in_flight`` without a delivery: later, in doubt, conflicted or dead.

        `signal` is what the attempt says about the instance as a whole; ``None`` when it was not called.
        """
        due = self.outbox.wall() + delay if delay else None
        step = self._step(to, to.value, words, claim.token, error_class, values={"due_at": due})
        with writing(self.outbox.engine) as connection:
            store.move(connection, claim.correction.correction_id, step)
            self._close(connection, claim, outcome, error_class, words)
            if signal is not None:
                self._signal(connection, claim, signal)

    def ask_again(self, claim: Claim, error_class: str, words: str) -> None:
        """Leave ``in_flight`` to wait for an approval once more, in a new round: those given count no longer."""
        item, policy = claim.correction, self.outbox.policy
        verdict = policies.judge(policy, item)
        values = {
            "mode": "approval",
            "approver_roles": canonical_json(list(verdict.approver_roles or policy.unlimited_roles)),
            "approvals_needed": max(verdict.approvals_needed, 1),
            "approval_round": item.approval_round + 1,
        } | {"decided_at": None, "due_at": None}
        with writing(self.outbox.engine) as connection:
            step = self._step(
                State.PROPOSED, "approval_lapsed", words, claim.token, error_class, values=values
            )
            store.move(connection, item.correction_id, step)
            self._close(connection, claim, "not_sent", error_class, words)

    def _signal(self, connection: sa.Connection, claim: Claim, signal: Signal) -> None:
        instances.record(
            connection,
            claim.correction.target_instance,
            signal,
            now=self.outbox.wall(),
            clock=self.outbox.clock(),
            worker=f"worker:{self.worker}",
        )

    def stopped(self) -> dict[str, str]:
        """Instances that nothing new is sent to now, and why."""
        known = instances.statuses(self.outbox)
        return {s.instance: s.why_stopped for s in known if s.why_stopped}

    def waiting(self) -> int:
        """How many are approved or in doubt, and not delivered yet."""
        with reading(self.outbox.engine) as connection:
            counts = store.count_by_state(connection)
        return counts.get(State.APPROVED, 0) + counts.get(State.IN_DOUBT, 0)

    def _require_lease(self, connection: sa.Connection, claim: Claim) -> None:
        until = self.outbox.wall() + self.lease
        renewed = connection.execute(
            correction.update()
            .where(
                correction.c.correction_id == claim.correction.correction_id,
                correction.c.lease_token == claim.token,
            )
            .values(lease_until=until)
        )
        if renewed.rowcount != 1:
            raise store.lease_lost(claim.correction.correction_id)

    def _mark(self, connection: sa.Connection, claim: Claim, **values: Any) -> None:
        connection.execute(
            attempt.update()
            .where(
                attempt.c.correction_id == claim.correction.correction_id,
                attempt.c.number == claim.attempt,
            )
            .values(**values)
        )

    def _close(
        self,
        connection: sa.Connection,
        claim: Claim,
        outcome: str,
        error_class: str | None = None,
        words: str | None = None,
    ) -> None:
        self._mark(
            connection,
            claim,
            outcome=outcome,
            error_class=error_class,
            error_text=words,
            finished_at=self.outbox.clock(),
        )
        if outcome in ("delivered", "recovered", "already_there", "not_applied"):
            claims.resolve_earlier(connection, claim.correction.correction_id, claim.attempt)

    def _note(
        self,
        connection: sa.Connection,
        claim: Claim,
        event: str,
        detail: Mapping[str, Any],
        values: Mapping[str, Any] | None = None,
    ) -> None:
        if values:
            connection.execute(
                correction.update()
                .where(correction.c.correction_id == claim.correction.correction_id)
                .values(**values)
            )
        step = self._step(State.IN_FLIGHT, event, None, claim.token, detail=detail)
        store.record_event(connection, claim.correction.correction_id, step, from_state=State.IN_FLIGHT)

    def _step(
        self,
        to: State,
        event: str,
        reason: str | None,
        token: str | None,
        state_class: str | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> Move:
        return Move(
            to=to,
            event=event,
            actor=f"worker:{self.worker}",
            now=self.outbox.clock(),
            policy_version=self.outbox.policy.version,
            reason=reason,
            state_class=state_class,
            lease_token=token,
            values=values or {},
            detail=detail or {},
        )


def _is_applied(item: Correction) -> bool:
    return item.state in (State.DELIVERED, State.VERIFIED)
