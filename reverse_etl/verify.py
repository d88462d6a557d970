"""Proves corrections on the next read: a finding closes only when the systems are seen to agree."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from reverse_etl import saga_store
from reverse_etl.errors import IllegalTransitionError, LeaseLostError
from reverse_etl.ledger import reading
from reverse_etl.models import UNDECIDED_STATES, Correction, Filter, Proposal, State
from reverse_etl.outbox import Outbox
from reverse_etl.proposals import group
from reverse_etl.values import encode
from reverse_etl.warehouse import PublishedState

_ALL = 1_000_000


class PublishedCopy(Protocol):
    """Where the present state of findings comes from."""

    def state(self) -> PublishedState:
        """The newest published state."""


@dataclass(kw_only=True)
class VerifyReport:
    """What the newest read proved."""

    verified: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    """Delivered, and yet the finding is still there after a fresh read."""
    expired: list[str] = field(default_factory=list)
    """Undecided, and the finding is gone by itself."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Delivered and not provable yet, or moved on meanwhile, with the reason."""


def verify(outbox: Outbox, published: PublishedCopy) -> VerifyReport:
    """Settle what the newest published copy can settle. Run it before `propose` on the same copy.

    A check that was not evaluated, or a target that was not read after delivery, settles nothing.
    """
    state = published.state()
    proposals = {p.correction_key: p for p in group(state.rows)[0]}
    malformed = {str(row.get("correction_key")) for row in state.rows} - set(proposals)
    report = VerifyReport()
    with reading(outbox.engine) as connection:
        of_sagas = saga_store.correction_ids(connection)
    for item in outbox.list(Filter(states=(State.DELIVERED,), limit=_ALL)):
        if item.correction_id in of_sagas:
            continue  # its saga reads the vendor itself
        why = _why_not_yet(item, state)
        if why:
            report.waiting[item.correction_id] = why
            continue
        with _unless_moved_on(item, report):
            _settle(outbox, item, proposals.get(item.correction_key), state, report)
    keys = set(proposals) | malformed
    for item in outbox.list(Filter(states=tuple(UNDECIDED_STATES), limit=_ALL)):
        if _is_gone(item, keys, state):
            with _unless_moved_on(item, report):
                outbox.expire(item.correction_id, "the finding is gone: the systems agree by themselves")
                report.expired.append(item.correction_id)
    return report


def _is_gone(item: Correction, keys: Collection[str], state: PublishedState) -> bool:
    """Whether nothing proposes it any more. With a before-image it may be gone because of our own write:
    the dispatcher looks, and says so."""
    may_be_written = any(change.is_before_known for change in item.changes)
    is_proposed = item.correction_key in keys or not _is_evaluated(item, state)
    return item.kind == "sync" and not is_proposed and not may_be_written


@contextmanager
def _unless_moved_on(item: Correction, report: VerifyReport) -> Iterator[None]:
    """Another process may have rolled back, sent or decided a correction since it was listed: leave it be."""
    try:
        yield
    except (IllegalTransitionError, LeaseLostError) as error:
        report.waiting[item.correction_id] = str(error)


def _is_evaluated(item: Correction, state: PublishedState) -> bool:
    run = state.check_runs.get(item.check_id)
    return run is not None and run.is_evaluated


def _why_not_yet(item: Correction, state: PublishedState) -> str | None:
    if not _is_evaluated(item, state):
        run = state.check_runs.get(item.check_id)
        return f"check {item.check_id} was not evaluated: {run.reason if run else 'it did not run'}"
    read = state.read_of(item.target_instance, item.target_object)
    if read is None:
        return f"{item.target_instance} has never been read"
    if item.delivered_at is not None and read <= item.delivered_at:
        return f"{item.target_instance} was last read at {read.isoformat()}, before the delivery"
    return None


def _settle(
    outbox: Outbox, item: Correction, proposal: Proposal | None, state: PublishedState, report: VerifyReport
) -> None:
    if item.kind == "rollback":
        outbox.confirm(item.correction_id, f"{item.target_instance} was read after the rollback")
        report.verified.append(item.correction_id)
        return
    if proposal is not None:
        overwritten = _overwritten(item, proposal)
        if overwritten:
            reason = f"still there after a fresh read: {'; '.join(overwritten)}"
            outbox.reopen(item.correction_id, proposal, reason)
            report.reopened.append(item.correction_id)
            return
        words = "a fresh read shows the written values; the truth has moved on since"
    elif {c.finding_id for c in item.changes if c.finding_id} & state.finding_ids:
        outbox.reopen(item.correction_id, None, "the finding is still there after a fresh read")
        report.reopened.append(item.correction_id)
        return
    else:
        words = "a fresh read shows no finding"
    outbox.confirm(item.correction_id, words)
    report.verified.append(item.correction_id)


def _overwritten(item: Correction, proposal: Proposal) -> Sequence[str]:
    """Fields whose value at the target is not what we wrote there."""
    seen: Mapping[str, Any] = {change.field: change for change in proposal.changes}
    if item.operation == "create":
        return ["the record that was created is not found"]
    return [
        f"{c.field} reads {seen[c.field].expected_value}, written was {c.new_value}"
        for c in item.changes
        if c.field in seen and encode(seen[c.field].expected) != encode(c.new)
    ]


__all__ = ["PublishedCopy", "VerifyReport", "verify"]
