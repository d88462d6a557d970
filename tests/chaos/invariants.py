"""What must hold after every run, whatever went wrong in it. Each function yields words about what broke."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

import sqlalchemy as sa

from reverse_etl import audit
from reverse_etl.models import Approval, Correction, Filter, State
from reverse_etl.values import encode, same
from tests.chaos import message_invariants, saga_invariants
from tests.chaos.firm import DEMANDS, LIMITS, OPPORTUNITY, OWNED, PEOPLE
from tests.chaos.simulation import Arrival, Run
from tests.chaos.vendor import PERSON, Change, Vendor

_ALL = Filter(limit=1_000_000)
_ENDS = frozenset(State) - {State.PROPOSED, State.APPROVED, State.IN_FLIGHT, State.IN_DOUBT}
_NEVER_SENT = {State.PROPOSED, State.EXPIRED}
_UNDECIDED = {State.PROPOSED, State.REJECTED, State.EXPIRED}


def no_duplicate_effect(run: Run) -> Iterator[str]:
    """A correction changes its record at most once, and a create makes exactly one record."""
    for vendor in run.firm.vendors.values():
        for (_, key), records in vendor.keys.items():
            if len(records) > 1:
                yield f"{vendor.instance}: {key} made {len(records)} records"
        made = {record for records in vendor.keys.values() for record in records}
        changes = Counter(c.author for c in _ours(vendor) if c.record[1] not in made and not c.is_raced)
        yield from (f"{vendor.instance}: {key} took effect {n} times" for key, n in changes.items() if n > 1)
        refs = Counter(h[OPPORTUNITY] for h in vendor.records.values() if h.get(OPPORTUNITY))
        yield from (f"opportunity {ref} has {n} projects" for ref, n in refs.items() if n > 1)


def no_lost_change(run: Run) -> Iterator[str]:
    """What was approved comes to an end that says why; nothing stays in flight or in doubt when all is well."""
    for item in run.outbox.list(_ALL):
        if item.state is State.PROPOSED:
            continue
        if item.state not in _ENDS:
            yield f"{item.correction_id} is still {item.state} after everything settled: {item.state_reason}"
        is_told = item.state_class and "What to do:" in (item.state_reason or "")
        if item.state in (State.CONFLICTED, State.DEAD_LETTERED) and not is_told:
            yield f"{item.correction_id} is {item.state} and does not say why or what to do"


def no_write_without_approval(run: Run) -> Iterator[str]:
    """Each write that arrived had the approvals its check and money demand, from people who may give them."""
    for arrival in run.arrivals:
        item = arrival.view.correction
        if item.state in _UNDECIDED:  # another worker may have taken it over and moved it on
            yield f"{item.correction_id} was sent while {item.state}"
        if item.check_id in arrival.rules.killed:
            yield f"{item.correction_id} was sent while {item.check_id} is switched off"
        refusal = _refusal(item, arrival.view.approvals)
        if refusal:
            yield f"{item.correction_id} ({item.check_id}) was sent although {refusal}"


def _refusal(item: Correction, given: tuple[Approval, ...]) -> str | None:
    demand = DEMANDS.get(item.check_id)
    if demand is None:
        return "no rule allows it"
    money = abs(item.amount_at_risk_rc or Decimal(0))
    now = [a for a in given if a.approval_round == item.approval_round and a.decision == "approve"]
    is_alone = demand.alone_up_to is not None and money <= demand.alone_up_to and item.kind == "sync"
    if is_alone and now:
        return None
    people = {a.actor for a in now if a.actor in PEOPLE and a.actor != item.proposed_by}
    able = {p for p in people if any(_is_able(role, money) for role in demand.roles & set(PEOPLE[p]))}
    return None if len(able) >= demand.people else f"{len(able)} of {demand.people} able people agreed"


def _is_able(role: str, money: Decimal) -> bool:
    limit = LIMITS[role]
    return limit is None or money <= limit


def no_write_outside_ownership(run: Run) -> Iterator[str]:
    """Each field that was sent is a copy that the configuration of the sender lists."""
    for arrival in run.arrivals:
        for column in arrival.change.values:
            if not _is_owned(arrival, column):
                yield f"{arrival.key} sent {arrival.change.target_object}.{column}, which is not ours to write"


def _is_owned(arrival: Arrival, column: str) -> bool:
    change, item = arrival.change, arrival.view.correction
    if change.target_object == "charge" and item.business_unit_id != "advisory":
        return False
    entry = OWNED.get((change.operation, change.target_object, column)) or OWNED.get(
        (change.operation, change.target_object, "*")
    )
    return entry is not None and entry not in arrival.rules.disowned


def every_write_was_intended(run: Run) -> Iterator[str]:
    """The ledger knew of each write before it was sent, and afterwards calls none of them not sent."""
    for arrival in run.arrivals:
        if not any(a.is_intent for a in arrival.view.attempts):
            yield f"{arrival.key} was sent before the ledger knew of it"
    for vendor in run.firm.vendors.values():
        for key in {change.author for change in _ours(vendor)}:
            view = run.outbox.show(key.removeprefix("concord-"))
            if not any(a.is_intent and a.outcome not in ("refused", "not_sent") for a in view.attempts):
                yield f"{key} took effect, and the ledger says that nothing was written"
            is_overdue = "not delivered in time" in (view.correction.state_reason or "")
            if view.correction.state in _NEVER_SENT and not is_overdue:
                yield f"{key} took effect, and the ledger says {view.correction.state}"


def paused_instances_are_left_alone(run: Run) -> Iterator[str]:
    """Nothing is claimed at a paused instance, and nothing new at a draining one."""
    yield from run.disobeyed


def ledger_equals_target(run: Run) -> Iterator[str]:
    """What is delivered was in the vendor while it was recorded so, and is there now unless changed since."""
    for item in run.outbox.list(_ALL):
        if item.state not in (State.DELIVERED, State.VERIFIED):
            continue
        vendor, window = run.firm.vendors[item.target_instance], run.windows[item.correction_id]
        record = (item.target_object, str(item.created_record_id or item.target_record_id))
        if any(at >= window.start and name == record for at, name in vendor.stale):
            continue
        wanted = {c.field: c.new for c in item.changes}
        seen = [vendor_held(vendor, record, at) for at in range(window.start, window.end + 1)]
        if not any(all(same(held.get(n), v) for n, v in wanted.items()) for held in seen):
            yield f"{item.correction_id} is {item.state}, but {record} held {seen[-1]}, not {wanted}"


def vendor_held(vendor: Vendor, record: tuple[str, str], at: int) -> Mapping[str, object]:
    """What a record held after the first `at` changes at the vendor."""
    past = [c for c in vendor.history[:at] if c.record == record]
    return past[-1].after if past else {}


def before_images_are_true(run: Run) -> Iterator[str]:
    """The before-image of a correction is what its first effect replaced."""
    for vendor in run.firm.vendors.values():
        first: dict[str, Change] = {}
        for change in _ours(vendor):
            first.setdefault(change.author, change)
        for key, change in first.items():
            item = run.outbox.show(key.removeprefix("concord-")).correction
            is_stale = any(name == change.record and at < change.index for at, name in vendor.stale)
            if item.operation == "create" or change.is_raced or is_stale:
                continue
            yield from _image_problems(item, change)


def _image_problems(item: Correction, change: Change) -> Iterator[str]:
    for c in item.changes:
        if not c.is_before_known:
            yield f"{item.correction_id} changed {c.field} without a before-image"
        elif encode(change.before.get(c.field)) != c.before_value:
            yield f"{item.correction_id} says {c.field} was {c.before_value}, it was {change.before.get(c.field)}"


def money_is_conserved(run: Run) -> Iterator[str]:
    """Count and money over all states equal what was ever proposed."""
    with run.outbox.engine.connect() as connection:
        witnessed = connection.exec_driver_sql("SELECT correction_id, amount FROM witness_money").all()
    items = run.outbox.list(_ALL)
    if len(items) != len(witnessed) or {i.correction_id for i in items} != run.proposed:
        yield f"{len(run.proposed)} were proposed, {len(items)} are there"
    if sum(run.outbox.counts().values()) != len(items):
        yield "the states do not add up to the corrections"
    money = sum((i.amount_at_risk_rc or Decimal(0) for i in items), Decimal(0))
    before = sum((Decimal(row.amount or 0) for row in witnessed), Decimal(0))
    if money != before:
        yield f"{before} at risk was proposed, the states hold {money}"


def audit_is_valid_and_complete(run: Run) -> Iterator[str]:
    """The chain verifies, and it tells each change of state that the database saw, in order."""
    yield from (problem.words for problem in audit.verify_chain(run.outbox.engine).problems)
    told: dict[str, list[tuple[str | None, str]]] = {}
    for event in audit.events(run.outbox.engine):
        if event.correction_id and event.to_state and event.from_state != event.to_state:
            told.setdefault(event.correction_id, []).append((event.from_state, event.to_state))
    seen: dict[str, list[tuple[str | None, str]]] = {}
    with run.outbox.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT correction_id, from_state, to_state FROM witness_state ORDER BY number")
        )
        for row in rows:
            seen.setdefault(row.correction_id, []).append((row.from_state, row.to_state))
    for number in sorted(told.keys() | seen.keys()):
        if told.get(number) != seen.get(number):
            yield f"{number} went {json.dumps(seen.get(number))}, the trail tells {json.dumps(told.get(number))}"
    yield from saga_invariants.untold_steps(run)


def _ours(vendor: Vendor) -> list[Change]:
    return [change for change in vendor.history if change.author != PERSON]


INVARIANTS: tuple[Callable[[Run], Iterator[str]], ...] = (
    no_duplicate_effect,
    no_lost_change,
    no_write_without_approval,
    no_write_outside_ownership,
    every_write_was_intended,
    paused_instances_are_left_alone,
    ledger_equals_target,
    before_images_are_true,
    money_is_conserved,
    audit_is_valid_and_complete,
    saga_invariants.every_saga_comes_to_an_end,
    saga_invariants.no_effect_outlives_its_saga,
    message_invariants.subscribers_hear_everything_in_order,
    message_invariants.no_webhook_is_lost,
)


def broken(run: Run) -> list[str]:
    """Everything that does not hold, as ``invariant: words``."""
    return [f"{check.__name__}: {words}" for check in INVARIANTS for words in check(run)]
