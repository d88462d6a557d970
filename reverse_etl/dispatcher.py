"""The loop that writes: claim, read, compare with what the approver saw, write, read back, record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from config.clock import Clock
from connectors.errors import (
    ConflictError,
    ConnectorError,
    PermanentError,
    RateLimitedError,
    UnauthorizedError,
)
from reverse_etl import policies, retry
from reverse_etl.breaker import Signal
from reverse_etl.comparing import (
    holds_new,
    holds_some_new,
    moved,
    moved_words,
    refused_words,
    values_words,
    version_words,
)
from reverse_etl.delivery import Claim, Delivery
from reverse_etl.destinations.base import Destination, Snapshot, WriteRequest
from reverse_etl.dispatch_report import Delivered, DispatchReport, Outcome, result
from reverse_etl.errors import LeaseLostError, SilencedError
from reverse_etl.governance import Refusal
from reverse_etl.models import Correction, State
from reverse_etl.outbox import Outbox
from reverse_etl.values import encode

logger = logging.getLogger(__name__)
_ANSWERED = Signal(kind="answered")


def dispatch(
    outbox: Outbox,
    destinations: Mapping[str, Destination],
    clock: Clock | None = None,
    limit: int | None = None,
    *,
    delivery: Delivery | None = None,
) -> DispatchReport:
    """Deliver what is approved and due, up to `limit` corrections, and say what became of each.

    A failure of one correction or one instance never stops the others. `clock` replaces the outbox's clock.
    """
    if clock is not None:
        outbox = Outbox(outbox.engine, outbox.policy, clock, wall=outbox.wall)
    run = _Run(delivery or Delivery(outbox), destinations)
    outbox.expire_overdue()
    run.report.recovered = run.delivery.recover()
    while limit is None or run.report.outcomes.total() < limit:
        claim = run.delivery.claim()
        if claim is None:
            break
        run.report.add(run.deliver(claim))
    run.report.stopped_instances = run.delivery.stopped()
    run.report.waiting = run.delivery.waiting()
    return run.report


class _Attempt:
    """What this attempt has done so far, for the decision after a failure."""

    is_sent = False
    is_acknowledged = False


class _Run:
    """One dispatch run over one ledger."""

    def __init__(self, delivery: Delivery, destinations: Mapping[str, Destination]) -> None:
        self.delivery, self.destinations = delivery, destinations
        self.report = DispatchReport(run_id=delivery.run_id)

    def deliver(self, claim: Claim) -> Delivered:
        """Carry one claim to an end that is recorded in the ledger."""
        try:
            return self._try(claim, _Attempt())
        except LeaseLostError as error:  # also when the lease is lost while a failure is recorded
            return result(claim, "lease_lost", "lease_lost", str(error))

    def _try(self, claim: Claim, attempt: _Attempt) -> Delivered:
        try:
            return self._refused(claim) or self._write(claim, attempt)
        except LeaseLostError:
            raise
        except SilencedError as error:
            return self._silenced(claim, error)
        except Exception as error:
            return self._failed(claim, attempt, error)

    def _refused(self, claim: Claim) -> Delivered | None:
        item = claim.correction
        refusal = policies.may_write(self.delivery.outbox.policy, item, claim.approvals, claim.delegations)
        if refusal and refusal.error_class == policies.APPROVAL_MISSING and not claim.earlier.is_unresolved:
            return self._ask_again(claim, refusal)
        if refusal:
            words = refused_words(refusal, is_unresolved=claim.earlier.is_unresolved)
            return self._already_done(claim) or self._end(
                claim, State.DEAD_LETTERED, refusal.error_class, words
            )
        if item.target_instance not in self.destinations:
            words = (
                f"instance {item.target_instance} is not in config/estate.yml or cannot be written. "
                "What to do: add it, then replay; or reject."
            )
            return self._end(claim, State.DEAD_LETTERED, "unknown_instance", words)
        return None

    def _ask_again(self, claim: Claim, refusal: Refusal) -> Delivered:
        """An approval that would not be given again today is none: somebody else is asked."""
        words = f"{refusal.reason}; nothing was written and it waits for an approval again"
        self.delivery.ask_again(claim, refusal.error_class, words)
        return result(claim, "awaiting_approval", refusal.error_class, words)

    def _silenced(self, claim: Claim, error: SilencedError) -> Delivered:
        """Put it back unsent; the gate of the claims keeps it there while the check is silent."""
        to = State.IN_DOUBT if claim.earlier.is_unresolved else State.APPROVED
        self.delivery.finish(claim, to, "not_sent", error.error_class, str(error))
        became: Outcome = "in_doubt" if to is State.IN_DOUBT else "retried"
        return result(claim, became, error.error_class, str(error))

    def _already_done(self, claim: Claim) -> Delivered | None:
        """What policy forbids by now may have been written before, its reply lost: then that is recorded."""
        item = claim.correction
        if not claim.earlier.is_unresolved or item.target_instance not in self.destinations:
            return None
        destination = self._destination(item.target_instance)
        record_id = item.target_record_id
        if item.operation == "create":
            record_id = destination.find_created(item.target_object, item.idempotency_key)
        if record_id is None:
            return None
        live = destination.read(item.target_object, record_id, _fields(item))
        return self._found_there(claim, record_id) if holds_new(item, live) else None

    def _write(self, claim: Claim, attempt: _Attempt) -> Delivered:
        destination = self._destination(claim.correction.target_instance)
        if claim.correction.operation == "create":
            return self._create(claim, destination, attempt)
        return self._update(claim, destination, attempt)

    def _destination(self, instance: str) -> Destination:
        try:
            return self.destinations[instance]
        except LookupError as error:
            raise UnauthorizedError(
                f"it cannot be signed in to: {error}", instance=instance, hint="set its credentials."
            ) from error

    def _update(self, claim: Claim, destination: Destination, attempt: _Attempt) -> Delivered:
        item = claim.correction
        record_id = str(item.target_record_id)
        live = destination.read(item.target_object, record_id, _fields(item))
        if holds_new(item, live):
            return self._found_there(claim, record_id)
        if claim.earlier.is_acknowledged:
            return self._not_kept(claim, live)
        if moved(item, live):
            return self._conflict(claim, "value_moved", moved_words(item, live))
        is_half_written = _is_in_parts(destination) and holds_some_new(item, live)
        if claim.earlier.version not in (None, live.version) and not is_half_written:
            return self._conflict(claim, "version_moved", version_words(item))
        request = WriteRequest(
            target_object=item.target_object,
            operation="update",
            record_id=record_id,
            values={c.field: c.new for c in item.changes},
            expected=dict(live.values),
        )
        return self._send(claim, destination, attempt, request, live)

    def _create(self, claim: Claim, destination: Destination, attempt: _Attempt) -> Delivered:
        item = claim.correction
        found = destination.find_created(item.target_object, item.idempotency_key)
        live = Snapshot(values={c.field: None for c in item.changes})
        if found is not None:
            live = destination.read(item.target_object, found, _fields(item))
            if holds_new(item, live):
                return self._found_there(claim, found)
        if claim.earlier.is_acknowledged:
            return self._not_kept(claim, live)
        request = WriteRequest(
            target_object=item.target_object,
            operation="create",
            record_id=found,
            values={c.field: c.new for c in item.changes},
            expected=dict(live.values),
        )
        return self._send(claim, destination, attempt, request, live)

    def _send(
        self,
        claim: Claim,
        destination: Destination,
        attempt: _Attempt,
        request: WriteRequest,
        live: Snapshot,
    ) -> Delivered:
        item = claim.correction
        self.delivery.intend(claim, {n: encode(v) for n, v in live.values.items()}, live.version)
        attempt.is_sent = True
        written = destination.write(request, item.idempotency_key, live.version)
        self.delivery.acknowledge(claim, written.record_id, written.version)
        attempt.is_acknowledged = True
        back = destination.read(item.target_object, written.record_id, _fields(item))
        if not holds_new(item, back):
            return self._not_kept(claim, back)
        words = f"written and read back from {item.target_instance}"
        self.delivery.delivered(claim, "delivered", words, written.record_id)
        return result(claim, "delivered", None, words)

    def _found_there(self, claim: Claim, record_id: str) -> Delivered:
        if claim.earlier.is_unresolved:
            outcome, words = "recovered", "an earlier write had reached the vendor; nothing was sent again"
        else:
            outcome, words = "already_there", "the vendor held the new values already; nothing was written"
        self.delivery.delivered(claim, outcome, words, record_id)
        return result(claim, "delivered", None, words)

    def _not_kept(self, claim: Claim, live: Snapshot) -> Delivered:
        item = claim.correction
        words = (
            f"the vendor confirmed the write but reads back {values_words(item, live)}. "
            "What to do: look for a rule or a default in the vendor that changes it, then replay or reject."
        )
        if item.attempts >= retry.MAX_ATTEMPTS:
            return self._end(
                claim, State.DEAD_LETTERED, "not_kept", words, outcome="acknowledged", signal=_ANSWERED
            )
        delay = retry.backoff(item.attempts)
        self.delivery.finish(claim, State.IN_DOUBT, "acknowledged", "not_kept", words, delay, _ANSWERED)
        return result(claim, "in_doubt", "not_kept", words)

    def _failed(self, claim: Claim, attempt: _Attempt, error: Exception) -> Delivered:
        item = claim.correction
        decision = retry.decide(error, item.attempts, is_sent=attempt.is_sent)
        if attempt.is_acknowledged and item.attempts < retry.MAX_ATTEMPTS:
            decision = replace(decision, action="look", delay=retry.backoff(item.attempts))
        words = _error_words(item, error)
        signal = _signal_of(decision, error, words)
        if decision.action == "look" or (decision.action == "retry" and claim.earlier.is_unresolved):
            outcome = _settled(attempt, error)
            self.delivery.finish(
                claim, State.IN_DOUBT, outcome, decision.error_class, words, decision.delay, signal
            )
            return result(claim, "in_doubt", decision.error_class, words)
        if decision.action == "retry":
            self.delivery.finish(
                claim, State.APPROVED, "not_sent", decision.error_class, words, decision.delay, signal
            )
            return result(claim, "retried", decision.error_class, words)
        to = State.CONFLICTED if decision.action == "conflict" else State.DEAD_LETTERED
        outcome = _settled(attempt, error)
        return self._end(claim, to, decision.error_class, words, outcome=outcome, signal=signal)

    def _conflict(self, claim: Claim, error_class: str, words: str) -> Delivered:
        return self._end(claim, State.CONFLICTED, error_class, words, signal=_ANSWERED)

    def _end(
        self,
        claim: Claim,
        to: State,
        error_class: str,
        words: str,
        *,
        outcome: str = "refused",
        signal: Signal | None = None,
    ) -> Delivered:
        self.delivery.finish(claim, to, outcome, error_class, words, signal=signal)
        became: Outcome = "conflicted" if to is State.CONFLICTED else "dead_lettered"
        return result(claim, became, error_class, words)


def _signal_of(decision: retry.Decision, error: Exception, words: str) -> Signal | None:
    """What a failed attempt says about its instance; an error that is not the vendor's says nothing."""
    name = decision.error_class
    if isinstance(error, UnauthorizedError | RateLimitedError):
        return Signal(kind="stop", error_class=name, words=words, wait=decision.delay or timedelta(0))
    if decision.is_instance_wide and isinstance(error, ConnectorError):
        return Signal(kind="failed", error_class=name, words=words)
    if isinstance(error, PermanentError):
        is_refusal = decision.action != "conflict"
        return Signal(kind="refused", error_class=name, words=words) if is_refusal else _ANSWERED
    return None


def _settled(attempt: _Attempt, error: Exception) -> str:
    """What is known of this attempt's own write."""
    if attempt.is_acknowledged:
        return "acknowledged"
    return "unknown" if attempt.is_sent and retry.is_unknown(error) else "refused"


def _fields(item: Correction) -> list[str]:
    return [change.field for change in item.changes]


def _is_in_parts(destination: Destination) -> bool:
    """Whether an update may be left half done; a destination whose vendor takes it whole says so."""
    return bool(getattr(destination, "writes_in_parts", True))


def _error_words(item: Correction, error: Exception) -> str:
    if isinstance(error, ConnectorError):
        return str(error) if error.hint else f"{error} What to do: {_advice(error)}"
    logger.exception("delivery failed", extra=item.log_context)
    return (
        f"instance {item.target_instance}, object {item.target_object}, record {item.target_record_id}: "
        f"unexpected {type(error).__name__}; the log has the details. What to do: report it, then replay."
    )


def _advice(error: ConnectorError) -> str:
    """What to do about a vendor's refusal that does not say so itself."""
    if isinstance(error, ConflictError):
        return "nothing; the next read proposes again from what is there now."
    if isinstance(error, PermanentError):
        return "correct it at the vendor, then replay; or reject."
    return "nothing while it is tried again; replay it from the dead letters once the instance answers."
