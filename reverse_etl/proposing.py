"""How a proposal enters the ledger: once per break, judged by policy, giving way to newer facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reverse_etl import audit, caps, echo, flip, policies, saga_store, store, switches, waivers
from reverse_etl.caps import Volume
from reverse_etl.errors import IllegalTransitionError
from reverse_etl.ledger import writing
from reverse_etl.models import (
    OPEN_STATES,
    SERVICE_ACTOR,
    UNDECIDED_STATES,
    Approval,
    Correction,
    Proposal,
    State,
)
from reverse_etl.policies import POLICY_ACTOR, Verdict
from reverse_etl.proposals import Malformed, group
from reverse_etl.recorder import Recorder
from reverse_etl.values import canonical_json, digest

DEPENDENCY_RANK: Mapping[str, int] = {
    "account": 10, "workspace_group": 10, "customer": 10, "contract": 15, "opportunity": 15, "workspace": 20,
    "job": 20, "story": 25, "workspace_resource": 30, "workspace_allocation": 30, "time_entry": 40, "charge": 50,
    "billing_milestone": 50,
}  # fmt: skip
_LAST_RANK = 60
Then = Callable[[sa.Connection, Correction], None]


@dataclass(kw_only=True)
class ProposeReport:
    """What became of a set of sync rows."""

    proposed: list[str] = field(default_factory=list)
    approved: list[str] = field(default_factory=list)
    """Proposed and at once approved by standing policy."""
    forbidden: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    unchanged: int = 0
    switched_off: int = 0
    waived: int = 0
    held_by_cap: bool = False
    cap_reason: str | None = None
    malformed: list[Malformed] = field(default_factory=list)


class Proposer:
    """Enters proposals into one ledger."""

    def __init__(self, engine: sa.Engine, recorder: Recorder) -> None:
        self.engine, self.recorder = engine, recorder

    def propose(self, rows: Iterable[Mapping[str, Any]]) -> ProposeReport:
        """Propose the corrections of the published copy; the same break proposes once.

        What policy lets through alone is approved at once, unless the run exceeds the caps of a run or of the
        day: then everything waits for a person. What policy forbids is recorded as rejected, with the reason.
        """
        proposals, malformed = group(rows)
        report = ProposeReport(malformed=malformed)
        with writing(self.engine) as connection:
            live = self._live(connection, proposals, report)
            known = store.latest_by_key(connection, [p.correction_key for p in live])
            fresh = [p for p in live if self._is_news(p, known.get(p.correction_key))]
            fresh = [p for p in fresh if not echo.is_stale(connection, p)]
            report.unchanged = len(live) - len(fresh)
            verdicts = [self._verdict(connection, p, known.get(p.correction_key)) for p in fresh]
            report.cap_reason = self._cap_reason(connection, fresh, verdicts)
            report.held_by_cap = report.cap_reason is not None
            for proposal, verdict in zip(fresh, verdicts, strict=True):
                held = self._capped(proposal, verdict, report.cap_reason)
                self._enter(connection, proposal, held, known.get(proposal.correction_key), report)
        return report

    def propose_one(
        self, proposal: Proposal, *, needs_person: str | None = None, then: Then | None = None
    ) -> Correction:
        """Propose a single correction that a person or a recovery asks for, and return it as recorded.

        `needs_person` is a reason why standing policy must not approve it alone; `then` is done in the same
        transaction, so that whoever follows the correction knows of it or it does not exist.
        """
        with writing(self.engine) as connection:
            previous = store.latest_by_key(connection, [proposal.correction_key]).get(proposal.correction_key)
            if previous is not None and previous.state in OPEN_STATES and not _gives_way(previous):
                raise IllegalTransitionError(
                    f"correction {previous.correction_id} for the same is {previous.state}.",
                    hint="wait until it is done.",
                )
            _require_still_there(proposal, previous)
            verdict = self._judge(connection, proposal, needs_person)
            verdict = self._capped(proposal, verdict, self._cap_reason(connection, [proposal], [verdict]))
            new_id = self._enter(connection, proposal, verdict, previous, ProposeReport())
            entered = store.get(connection, new_id)
            if then is not None:
                then(connection, entered)
            return entered

    def reopen(self, correction_id: str, proposal: Proposal | None, reason: str) -> str | None:
        """Replace a delivered correction that did not help by a new proposal that a person decides."""
        with writing(self.engine) as connection:
            previous = store.get(connection, correction_id)
            new_id = self._id(connection, proposal) if proposal else None
            self._supersede(connection, previous, new_id, reason)
            if proposal is None:
                return None
            again = replace(
                proposal, reason=f"reopened, {reason}; {proposal.reason}", supersedes_id=correction_id
            )
            verdict = policies.judge(self.recorder.policy, again, needs_person=f"reopened: {reason}")
            return self._enter(connection, again, verdict, None, ProposeReport())

    def _live(
        self, connection: sa.Connection, proposals: Sequence[Proposal], report: ProposeReport
    ) -> list[Proposal]:
        """What no kill switch, no control total and no waiver holds back."""
        silent = switches.silent(connection, self.recorder.policy)
        running = [p for p in proposals if p.check_id not in silent]
        keys = [p.correction_key for p in running]
        waived = waivers.waived_keys(connection, keys, self.recorder.clock())
        live = [p for p in running if p.correction_key not in waived]
        report.switched_off, report.waived = len(proposals) - len(running), len(running) - len(live)
        return live

    def _is_news(self, proposal: Proposal, previous: Correction | None) -> bool:
        if previous is None:
            return True
        state, is_same = previous.state, previous.content_hash == _content_hash(proposal)
        if state in (State.IN_FLIGHT, State.IN_DOUBT, State.DELIVERED):
            return False
        if state is State.REJECTED and is_same and previous.mode == "forbidden":
            return policies.judge(self.recorder.policy, proposal).mode != "forbidden"
        if state is State.REJECTED and previous.state_class == waivers.WAIVED:
            return True
        if state is State.CONFLICTED and is_same:
            return _is_read_after(proposal, previous.updated_at)
        if state is State.EXPIRED:
            return True
        if state in (State.SUPERSEDED, State.VERIFIED, State.ROLLED_BACK):
            applied = previous.delivered_at if state is State.VERIFIED else previous.updated_at
            return _is_read_after(proposal, applied or previous.updated_at)
        return not is_same

    def _verdict(self, connection: sa.Connection, proposal: Proposal, previous: Correction | None) -> Verdict:
        person = None
        if previous is not None and previous.state is State.ROLLED_BACK:
            person = f"{previous.correction_id} was rolled back; a person decides whether it comes again"
        return self._judge(connection, proposal, person)

    def _judge(self, connection: sa.Connection, proposal: Proposal, person: str | None) -> Verdict:
        """Policy's verdict; a field that flips between systems is quarantined for a person."""
        settings = self.recorder.policy.policy.flip
        flipping = flip.why_quarantined(connection, proposal, settings, self.recorder.clock())
        verdict = policies.judge(self.recorder.policy, proposal, needs_person=flipping or person)
        if flipping is None or verdict.mode != "approval":
            return verdict
        return replace(verdict, reason=flipping, error_class=flip.QUARANTINE)

    def _cap_reason(
        self, connection: sa.Connection, proposals: Sequence[Proposal], verdicts: Sequence[Verdict]
    ) -> str | None:
        """Why what these proposals would let through by themselves is too much, or ``None``."""
        pairs = zip(proposals, verdicts, strict=True)
        run = Volume.of([policies.amount(p) for p, v in pairs if v.mode == "automatic"])
        governance = self.recorder.policy
        today = caps.automatic_since(connection, governance.day_start(self.recorder.clock()))
        return caps.why_stopped(governance.policy.caps, run, today)

    def _capped(self, proposal: Proposal, verdict: Verdict, reason: str | None) -> Verdict:
        if reason is None or verdict.mode != "automatic":
            return verdict
        return policies.judge(self.recorder.policy, proposal, needs_person=f"stopped by a cap: {reason}")

    def _enter(
        self,
        connection: sa.Connection,
        proposal: Proposal,
        verdict: Verdict,
        previous: Correction | None,
        report: ProposeReport,
    ) -> str:
        row = self._row(connection, proposal, verdict)
        new_id = row["correction_id"]
        if previous is not None and _gives_way(previous):
            is_edit = proposal.supersedes_id is not None
            words = proposal.reason if is_edit else "a newer read proposes other values"
            self._supersede(connection, previous, new_id, words)
            report.superseded.append(previous.correction_id)
            row["supersedes_id"] = previous.correction_id
        store.insert(connection, row, proposal.changes, proposal.depends_on)
        if row["supersedes_id"] is not None:
            saga_store.pass_steps_on(connection, row["supersedes_id"], new_id)
        if verdict.mode == "forbidden":
            self.recorder.move(
                connection, new_id, State.REJECTED, "refused_by_policy", POLICY_ACTOR, verdict.reason,
                state_class=verdict.error_class, values={"decided_at": row["proposed_at"]},
            )  # fmt: skip
            report.forbidden.append(new_id)
        elif verdict.mode == "automatic":
            self._approve_by_policy(connection, store.get(connection, new_id), verdict)
            report.approved.append(new_id)
        else:
            report.proposed.append(new_id)
        return str(new_id)

    def _id(self, connection: sa.Connection, proposal: Proposal) -> str:
        turn = store.ordinal(connection, proposal.correction_key)
        return "c" + digest([proposal.correction_key, _content_hash(proposal), turn])[:14]

    def _row(self, connection: sa.Connection, proposal: Proposal, verdict: Verdict) -> dict[str, Any]:
        now = self.recorder.clock()
        new_id = self._id(connection, proposal)
        same_names = (
            "kind", "correction_key", "check_id", "operation", "target_system", "target_instance",
            "target_object", "target_record_id", "record_key", "reason", "amount_at_risk", "currency",
            "amount_at_risk_rc", "legal_entity_id", "business_unit_id", "customer_id", "customer_name",
            "project_id", "project_name", "source_loaded_at", "proposed_by", "rolls_back_id", "supersedes_id",
        )  # fmt: skip
        return {name: getattr(proposal, name) for name in same_names} | {
            "correction_id": new_id,
            "sequence": store.next_sequence(connection),
            "content_hash": _content_hash(proposal),
            "rank": DEPENDENCY_RANK.get(proposal.target_object, _LAST_RANK),
            "evidence": canonical_json(proposal.evidence) if proposal.evidence else None,
            "mode": verdict.mode,
            "approver_roles": canonical_json(list(verdict.approver_roles)),
            "approvals_needed": verdict.approvals_needed,
            "approval_round": 1,
            "policy_version": self.recorder.policy.version,
            "idempotency_key": f"concord-{new_id}",
            "attempts": 0,
            "proposed_at": now,
            "updated_at": now,
            "expires_at": now + timedelta(days=self.recorder.policy.policy.expiry_days),
            "state_class": verdict.error_class,
            "state_reason": verdict.reason,
        }

    def _approve_by_policy(self, connection: sa.Connection, item: Correction, verdict: Verdict) -> None:
        now = self.recorder.clock()
        given = Approval(
            actor=POLICY_ACTOR, roles=(), decision="approve", note=verdict.reason,
            approval_round=item.approval_round, decided_at=now,
        )  # fmt: skip
        store.add_approval(connection, item, given)
        self.recorder.move(
            connection, item.correction_id, State.APPROVED, "approved", POLICY_ACTOR, verdict.reason,
            values={"decided_at": now},
        )  # fmt: skip

    def _supersede(
        self, connection: sa.Connection, item: Correction, new_id: str | None, reason: str
    ) -> None:
        self.recorder.move(
            connection, item.correction_id, State.SUPERSEDED, "superseded", SERVICE_ACTOR, reason,
            values={"superseded_by_id": new_id},
        )  # fmt: skip
        if new_id is not None:
            store.pass_dependents_on(connection, item.correction_id, new_id)


def _content_hash(proposal: Proposal) -> str:
    names = ("target_instance", "target_object", "target_record_id", "operation")
    change_names = ("field", "value_type", "expected_value", "new_value")
    return audit.content_hash_of(
        {n: getattr(proposal, n) for n in names},
        [{n: getattr(c, n) for n in change_names} for c in proposal.changes],
    )


def _is_read_after(proposal: Proposal, moment: datetime) -> bool:
    return proposal.source_loaded_at is not None and proposal.source_loaded_at > moment


def _require_still_there(proposal: Proposal, previous: Correction | None) -> None:
    """What a proposal says it replaces must still be there to be replaced: somebody may have decided it meanwhile."""
    replaced = proposal.supersedes_id
    if replaced is None or (
        previous is not None and previous.correction_id == replaced and _gives_way(previous)
    ):
        return
    raise IllegalTransitionError(
        f"correction {replaced} was decided by somebody else meanwhile.",
        hint=f"`concord corrections show {replaced}` tells by whom.",
    )


def _gives_way(previous: Correction) -> bool:
    return previous.state in (*UNDECIDED_STATES, State.CONFLICTED, State.DEAD_LETTERED)
