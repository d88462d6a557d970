"""Why a correction stands where it stands: as a class, in words, whom it holds up, and what to do next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa

from reverse_etl import store
from reverse_etl.flip import QUARANTINE
from reverse_etl.ledger import reading
from reverse_etl.ledger.schema import correction, correction_dependency
from reverse_etl.models import Correction, Filter, State
from reverse_etl.outbox import Outbox

STUCK_STATES = (State.IN_DOUBT, State.CONFLICTED, State.DEAD_LETTERED)
_HOPELESS = (
    State.DEAD_LETTERED, State.CONFLICTED, State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.ROLLED_BACK,
)  # fmt: skip
_ALL = 1_000_000


class Cause(StrEnum):
    """Why, in a class that a person or a report can group by."""

    DONE = "done"
    MOVED = "moved"
    REFUSED = "refused_by_vendor"
    RECORD_GONE = "record_gone"
    RIGHTS = "rights"
    PACE = "pace"
    UNREACHABLE = "unreachable"
    REPLY_LOST = "reply_lost"
    UNREADABLE = "unreadable_answer"
    NOT_KEPT = "not_kept"
    POLICY = "policy"
    CONFIGURATION = "configuration"
    FLIPS = "flips"
    HELD_BY_OTHER = "held_by_other"
    WAITING = "waiting"
    PERSON = "decided_by_person"
    DEFECT = "defect"


_CAUSES: Mapping[str, Cause] = {
    "delivered": Cause.DONE, "recovered": Cause.DONE, "already_there": Cause.DONE,
    "value_moved": Cause.MOVED, "version_moved": Cause.MOVED, "conflict": Cause.MOVED,
    "validation": Cause.REFUSED, "permanent": Cause.REFUSED, "not_found": Cause.RECORD_GONE,
    "unauthorized": Cause.RIGHTS, "rate_limited": Cause.PACE, "transient": Cause.UNREACHABLE,
    "unknown_outcome": Cause.REPLY_LOST, "worker_lost": Cause.REPLY_LOST, "restored": Cause.REPLY_LOST,
    "malformed_response": Cause.UNREADABLE, "not_kept": Cause.NOT_KEPT,
    "ownership": Cause.POLICY, "never_auto": Cause.POLICY, "null_overwrite": Cause.POLICY, "no_rule": Cause.POLICY,
    "approval_missing": Cause.POLICY, "kill_switch": Cause.POLICY, "control_total": Cause.POLICY,
    "own_record": Cause.POLICY, "business_unit": Cause.POLICY, "limit": Cause.POLICY, "delegation": Cause.POLICY,
    "role": Cause.POLICY,
    "unknown_instance": Cause.CONFIGURATION, QUARANTINE: Cause.FLIPS,
}  # fmt: skip

_BY_STATE: Mapping[State, Cause] = {
    State.PROPOSED: Cause.WAITING, State.APPROVED: Cause.WAITING, State.IN_FLIGHT: Cause.WAITING,
    State.DELIVERED: Cause.DONE, State.VERIFIED: Cause.DONE, State.REJECTED: Cause.PERSON,
    State.ROLLED_BACK: Cause.PERSON, State.EXPIRED: Cause.DONE, State.SUPERSEDED: Cause.DONE,
}  # fmt: skip

_NEXT_BY_STATE: Mapping[State, str] = {
    State.PROPOSED: "approve or reject it.",
    State.APPROVED: "nothing; the next dispatch takes it.",
    State.IN_FLIGHT: "nothing; a worker has it.",
    State.DELIVERED: "nothing; the next read proves it.",
    State.IN_DOUBT: "nothing; the vendor is read before anything is sent again.",
    State.CONFLICTED: "nothing; the next read proposes again from what is there now.",
    State.DEAD_LETTERED: "edit it, replay it, or drop it with a reason.",
}

_NEXT_BY_CAUSE: Mapping[Cause, str] = {
    Cause.REFUSED: "edit the value it refused, or correct the rule at the vendor and replay; or drop it.",
    Cause.RECORD_GONE: "find where the record went; replay once it is back, or drop it.",
    Cause.RIGHTS: "correct the credentials or rights, then replay.",
    Cause.PACE: "wait for the vendor's limit, then replay.",
    Cause.UNREACHABLE: "see that the system is up, then replay.",
    Cause.REPLY_LOST: "look at the record at the vendor, then replay: it is read before anything is sent.",
    Cause.NOT_KEPT: "look for a rule at the vendor that changes the value; then replay or drop it.",
    Cause.POLICY: "change the configuration and replay, or drop it.",
    Cause.CONFIGURATION: "add the instance to config/estate.yml and replay, or drop it.",
    Cause.DEFECT: "report it with the log; then replay.",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One correction's standing. `words` say why; `next_step` says what to do."""

    correction_id: str
    state: State
    cause: Cause
    words: str
    next_step: str
    customer: str | None
    business_unit: str | None
    project: str | None
    amount_at_risk_rc: Decimal | None
    waits_for: tuple[str, ...]
    """Corrections that must go first and have not."""
    holds_up: tuple[str, ...]
    """Corrections that wait for this one."""


def cause_of(state: State, state_class: str | None) -> Cause:
    """The class of a state and the ledger's detailed class; an unexpected error of ours is a defect."""
    if state_class is not None and state_class in _CAUSES:
        return _CAUSES[state_class]
    if state in _BY_STATE:
        return _BY_STATE[state]
    return Cause.DEFECT


def explain(outbox: Outbox, correction_id: str) -> Outcome:
    """Why one correction stands where it stands. Raises `UnknownCorrectionError`."""
    with reading(outbox.engine) as connection:
        return _outcome(connection, store.get(connection, correction_id))


def stuck(outbox: Outbox, business_units: Collection[str] = ()) -> list[Outcome]:
    """Everything that does not go on by itself, or may not: in doubt, conflicted, dead, quarantined, held up."""
    units = tuple(business_units)
    wanted = Filter(states=(*STUCK_STATES, State.PROPOSED, State.APPROVED), business_units=units, limit=_ALL)
    with reading(outbox.engine) as connection:
        held = set(connection.execute(_held()).scalars())
        items = [i for i in store.find(connection, wanted) if _is_stuck(i, held)]
        return [_outcome(connection, item) for item in sorted(items, key=lambda i: i.sequence)]


def _is_stuck(item: Correction, held: Collection[str]) -> bool:
    return item.state in STUCK_STATES or item.state_class == QUARANTINE or item.correction_id in held


def _held() -> sa.Select[tuple[str]]:
    """Open corrections that wait for one which cannot go on."""
    needed, other = correction_dependency.c, correction.c
    return (
        sa.select(needed.correction_id)
        .join(correction, needed.depends_on_id == other.correction_id)
        .where(other.state.in_(_HOPELESS))
        .distinct()
    )


def _outcome(connection: sa.Connection, item: Correction) -> Outcome:
    waits = _unmet(connection, item)
    is_open = item.state in (State.PROPOSED, State.APPROVED)
    hopeless = [f"{other.correction_id} is {other.state}" for other in waits if other.state in _HOPELESS]
    cause, words = cause_of(item.state, item.state_class), item.state_reason or item.reason
    next_step = _NEXT_BY_STATE.get(item.state, "nothing; it is done with.")
    if item.state is State.DEAD_LETTERED:
        next_step = _NEXT_BY_CAUSE.get(cause, next_step)
    if is_open and waits:
        told = ", ".join(f"{other.correction_id} ({other.state})" for other in waits)
        cause, words = Cause.HELD_BY_OTHER, f"it waits for {told}"
        next_step = f"settle it first: {'; '.join(hopeless)}." if hopeless else "nothing; it follows."
    return Outcome(
        correction_id=item.correction_id,
        state=item.state,
        cause=cause,
        words=words,
        next_step=next_step,
        customer=item.customer_name,
        business_unit=item.business_unit_id,
        project=item.project_name,
        amount_at_risk_rc=item.amount_at_risk_rc,
        waits_for=tuple(other.correction_id for other in waits),
        holds_up=_dependents(connection, item),
    )


def _unmet(connection: sa.Connection, item: Correction) -> Sequence[Correction]:
    until = {d.correction_id: d.until for d in item.depends_on}
    others = store.load(connection, list(until))
    return [o for o in others if not _is_met(o.state, until[o.correction_id])]


def _is_met(state: State, until: str) -> bool:
    return state is State.VERIFIED or (state is State.DELIVERED and until == "delivered")


def _dependents(connection: sa.Connection, item: Correction) -> tuple[str, ...]:
    if item.state in (State.DELIVERED, State.VERIFIED):
        return ()
    needed, other = correction_dependency.c, correction.c
    query = (
        sa.select(needed.correction_id)
        .join(correction, needed.correction_id == other.correction_id)
        .where(
            needed.depends_on_id == item.correction_id,
            other.state.in_((State.PROPOSED, State.APPROVED)),
        )
        .order_by(other.sequence)
    )
    return tuple(connection.execute(query).scalars())
